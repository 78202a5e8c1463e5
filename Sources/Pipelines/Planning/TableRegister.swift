package import Anonymization
package import KeyedHashing
package import Records

/// The columns of reference tables that a plan reads, while it is made: hands out their indexes.
final class TableRegister {
    struct Column {
        /// The column's name, at the first place that asks for it.
        let name: Marked<String>
        let kind: ReferenceTable.ColumnKind
    }

    private(set) var columns: [[Column]]

    init(count: Int) { columns = Array(repeating: [], count: count) }

    /// The index of a column among those read of `table`, a new one if it is new.
    func column(
        _ name: Marked<String>, _ kind: ReferenceTable.ColumnKind, table: Int
    ) -> Int {
        let known = columns[table].firstIndex {
            $0.kind == kind && $0.name.value.utf8.elementsEqual(name.value.utf8)
        }
        if let known { return known }
        columns[table].append(Column(name: name, kind: kind))
        return columns[table].count - 1
    }
}

/// What is remembered of a reference table that was loaded.
package struct TableInput: Sendable, Equatable {
    /// The name in the pipeline.
    package let name: String
    /// The digest of the file, or of the cells that were read.
    package let digest: Digest256
    package let rows: Int
    /// The columns that are read, in the order of the table.
    package let columns: [String]
    package let kinds: [ReferenceTable.ColumnKind]
    package let shrinkage: ShrinkageLimit
    /// The columns with cells that cannot be read.
    var unreadable: [UnreadableCells] = []

    /// True when a table of an earlier run with columns of these names and kinds says the same.
    func hasColumns(_ names: [String], _ kinds: [ReferenceTable.ColumnKind]) -> Bool {
        kinds == self.kinds
            && names.elementsEqual(columns) { $0.utf8.elementsEqual($1.utf8) }
    }
}

/// Cells of a column of a reference table that say something which cannot be read: for the records
/// that are looked up there the clock counts as run out.
package struct UnreadableCells: Sendable, Equatable {
    package let table: String
    package let column: String
    package let kind: ReferenceTable.ColumnKind
    package let count: Int
    /// How many cells of the column are not empty.
    package let filled: Int

    /// What there is to tell, without a value.
    package var sentence: String {
        let what = kind == .date ? "dates" : "lengths"
        return "table \(table): \(count) of \(filled) \(what) in `\(column)` cannot be read; "
            + "their clocks count as run out"
    }
}

/// How much of a list that comes from elsewhere may be gone since the last run.
package struct ShrinkageLimit: Sendable, Equatable {
    /// How many of a million rows.
    let perMillion: Int
    /// Where the pipeline says it, or else names the list.
    package let position: SettingPosition

    init(_ share: Marked<Int>, of name: Marked<String>) {
        perMillion = share.value
        position = share.isWritten ? share.position : name.position
    }

    /// True when `gone` of `before` rows are so many that the list may be a part of an export only.
    package func isPassed(_ gone: Int, of before: Int) -> Bool {
        gone > 0 && Double(gone) * 1_000_000 > Double(perMillion) * Double(before)
    }

    /// The same of cells of a column that cannot be read. A single one is somebody's slip however
    /// few there are; two or more that pass the share may be a column in another form.
    package func isPassed(unreadable bad: Int, of all: Int) -> Bool {
        bad > 1 && isPassed(bad, of: all)
    }

    /// The same of cells that the last run could read. Accounts are opened again, and of a short
    /// column a few are soon a large share: those count only when they are most of it.
    package func isPassed(lost: Int, of all: Int) -> Bool {
        lost > 1 && (lost >= 5 || lost * 2 > all) && isPassed(lost, of: all)
    }
}
