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

    /// True when a table of an earlier run with columns of these names and kinds says the same.
    func hasColumns(_ names: [String], _ kinds: [ReferenceTable.ColumnKind]) -> Bool {
        kinds == self.kinds
            && names.elementsEqual(columns) { $0.utf8.elementsEqual($1.utf8) }
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
}
