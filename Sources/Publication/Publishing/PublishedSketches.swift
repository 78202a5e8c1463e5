package import Statistics

/// What the figures of a published table were counted from, as sketches that can be merged over
/// rows: what adding up distinct counts, means and percentiles must not do.
///
/// A sketch of tokens is a list of hashes of persons, whatever its key: who holds those of a table
/// sees which hash is in which row. It is pseudonymised, not anonymous, and for internal readers
/// only.
package struct PublishedSketches: Sendable, Equatable {
    /// One column of sketches.
    package struct Column: Sendable, Equatable {
        /// That of the measure, an underscore and the kind.
        package var name: String
        /// The kind, its size, and what it is made of.
        package var form: SketchOptions.Form
        package var size: Int
        package var item: SketchColumn.Item
        /// The place of the column of figures that it belongs to.
        package var figure: Int

        package init(
            name: String, form: SketchOptions.Form, size: Int, item: SketchColumn.Item, figure: Int
        ) {
            self.name = name
            self.form = form
            self.size = size
            self.item = item
            self.figure = figure
        }
    }

    /// The most bytes of sketches in a publication: they are made in memory and kept in the ledger.
    package static let bytesMax = 1 << 26

    package var columns: [Column]
    /// The bytes by row of the table and column; empty where the figure is zero or not measured.
    package var rows: [[[UInt8]]]

    package init(columns: [Column], rows: [[[UInt8]]]) {
        self.columns = columns
        self.rows = rows
    }
}

extension PublishedSketches.Column {
    /// What is to be said about its kind.
    package var descriptor: SketchDescriptor {
        switch form {
        case .theta: .theta
        case .hll: .hll
        case .kll: .kll
        }
    }
}

extension PublishedTable {
    /// The sketches as a table of texts (Base64), for the formats with plain columns; nil when none
    /// is exported.
    var sketchTable: StatisticTable? {
        guard let sketches else { return nil }
        return StatisticTable(
            name: "\(table.name).sketches",
            groupColumns: table.groupColumns + sketches.columns.map(\.name), columns: [],
            rows: zip(table.rows, sketches.rows).map { row, sketches in
                StatisticTable.Row(key: row.key + sketches.map(Base64.text), cells: [])
            })
    }
}
