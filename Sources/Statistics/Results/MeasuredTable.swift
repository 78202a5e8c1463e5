package import Records

/// A table as it was measured, before anything was suppressed: not to be shown to anybody.
package struct MeasuredTable: Sendable {
    /// The statistic's name.
    package let name: String
    /// The columns of the group.
    package let groupColumns: [String]
    /// The columns of figures.
    package let columns: [MeasuredColumn]
    /// The rows, sorted by the bytes of their keys.
    package var rows: [MeasuredRow]
    /// What must be done before the table is shown.
    package let suppression: SuppressionRule

    package init(
        name: String, groupColumns: [String], columns: [MeasuredColumn], rows: [MeasuredRow],
        suppression: SuppressionRule
    ) {
        self.name = name
        self.groupColumns = groupColumns
        self.columns = columns
        self.rows = rows
        self.suppression = suppression
    }
}

/// A column of figures.
package struct MeasuredColumn: Sendable, Equatable {
    /// The name, unique in the table.
    package let name: String
    /// What sort of figures it holds.
    package let role: ColumnRole

    package init(name: String, role: ColumnRole) {
        self.name = name
        self.role = role
    }
}

/// What sort of figures a column holds.
package enum ColumnRole: Sendable, Equatable {
    /// A number of records or sessions: may be added up.
    case count
    /// A number of distinct persons or the like: must not be added up.
    case distinctCount
    /// A sum, mean or percentile.
    case magnitude
}

/// A row as it was measured.
package struct MeasuredRow: Sendable {
    /// The values of the group columns.
    package let key: [[UInt8]]
    /// The figures in the order of the columns.
    package let cells: [MeasuredCell]
    /// The distinct persons and customers behind the whole row, counted up to the thresholds.
    package let persons: Int
    package let customers: Int
    /// Who stands behind the whole row; nil unless the partials were separable.
    package var backing: RowBacking? = nil

    package init(
        key: [[UInt8]], cells: [MeasuredCell], persons: Int, customers: Int,
        backing: RowBacking? = nil
    ) {
        self.key = key
        self.cells = cells
        self.persons = persons
        self.customers = customers
        self.backing = backing
    }
}

/// A figure and what stands behind it.
package struct MeasuredCell: Sendable, Equatable {
    /// The figure; nil when there was nothing to compute it from.
    package let value: Quantity?
    /// The records (of session figures: sessions) of the group; what `of: count` looks at.
    package let basis: Int64
    /// The distinct persons and customers behind the figure, counted up to the thresholds.
    package let persons: Int
    package let customers: Int
    /// How many numbers could not be read and are not in the figure.
    package let unreadable: Int64
    /// Who stands behind the figure; nil unless the partials were separable.
    package var backing: CellBacking? {
        get { backings.first }
        set { backings = newValue.map { [$0] } ?? [] }
    }
    /// Whose numbers those are; nil without any, and unless the partials were separable.
    package var unreadableBacking: RowBacking? {
        get { unreadableBackings.first }
        set { unreadableBackings = newValue.map { [$0] } ?? [] }
    }
    /// In lists: a table may have millions of figures, and one without backing takes no room for
    /// it.
    private var backings: [CellBacking] = []
    private var unreadableBackings: [RowBacking] = []

    package init(
        value: Quantity?, basis: Int64, persons: Int, customers: Int, unreadable: Int64,
        backing: CellBacking? = nil
    ) {
        self.value = value
        self.basis = basis
        self.persons = persons
        self.customers = customers
        self.unreadable = unreadable
        backings = backing.map { [$0] } ?? []
    }
}

/// A figure, exact.
package enum Quantity: Sendable, Equatable {
    case integer(Int64)
    case decimal(ExactDecimal)

    /// True for zero of either kind.
    package var isZero: Bool {
        switch self {
        case .integer(let value): value == 0
        case .decimal(let value): value.billionths == 0
        }
    }

    /// Appends the figure in plain decimal.
    package func append(to buffer: inout ByteBuffer) {
        switch self {
        case .integer(let value): buffer.append(decimal: value)
        case .decimal(let value): value.append(to: &buffer)
        }
    }
}
