/// Statistics of one period as they are published: everything that a format may show, and nothing
/// that it may not.
///
/// A value without time, place or chance: its files depend on it alone. The ledger keeps it
/// (`PublicationDocument`), so that the files can be made again.
package struct Publication: Sendable, Equatable {
    /// What kind of publication it is.
    package enum Kind: String, Sendable, CaseIterable {
        /// The period is closed.
        case final
        /// A visible revision of a closed period; what it corrects stays.
        case correction
        /// The running period up to `through`, for internal readers.
        case provisional
    }

    /// The pipeline's name.
    package var pipeline: String
    /// The month, `yyyy-MM`.
    package var period: String
    /// The last day that is counted, `yyyy-MM-dd`; the first one is that of the month.
    package var through: String
    package var kind: Kind
    /// 0 for the first of its kind; corrections and weekly steps count on.
    package var revision: Int
    /// Why it was corrected; empty unless it is a correction.
    package var reason: String
    package var audience: Audience
    /// The time zone of days and months.
    package var zone: String
    /// When it was published, and the time up to which opt-outs are honoured: RFC 3339, UTC.
    package var closed: String
    package var optOutsAsOf: String
    package var tables: [PublishedTable]
    /// Records that came after their period was closed, known when this was published.
    package var late: [LateRecords]
    /// What noise has cost; nil when no table has any.
    package var budget: PublishedBudget?
    /// How well persons hide in the rows that the pipeline wrote; for internal readers only.
    package var rowOutputs: [RowOutputRisk] = []

    package init(
        pipeline: String, period: String, through: String, kind: Kind, revision: Int,
        reason: String = "", audience: Audience, zone: String, closed: String,
        optOutsAsOf: String, tables: [PublishedTable], late: [LateRecords] = []
    ) {
        self.pipeline = pipeline
        self.period = period
        self.through = through
        self.kind = kind
        self.revision = revision
        self.reason = reason
        self.audience = audience
        self.zone = zone
        self.closed = closed
        self.optOutsAsOf = optOutsAsOf
        self.tables = tables
        self.late = late
    }

    /// The most of a table, in percent, that may be left out before a coarser one is proposed.
    package static let withheldMax = 20
}

/// For whom a publication is.
package enum Audience: String, Sendable, CaseIterable {
    /// People of the company that runs the pipeline.
    case `internal`
    /// One customer: a table about it alone, for it alone.
    case customer
    /// Everybody.
    case `public`
}

/// One table of a publication.
package struct PublishedTable: Sendable, Equatable {
    /// What the numbers are used for.
    package var purpose: String
    /// The fewest distinct customers that every figure was held to; 0 when none were asked for. The
    /// fewest persons stand in `table.persons`.
    package var customers: Int
    /// What is shown, and how much is not.
    package var table: ControlledTable
    /// The group column whose small values were put together; empty when none was to be.
    package var other: String
    /// How a table that leaves out too much could be made coarser; empty when it does not.
    package var proposal: String
    /// What is known about the noise in the figures; nil for figures without.
    package var noise: PublishedNoise?
    /// What the figures were counted from, in a form that can be merged; nil when none is exported.
    package var sketches: PublishedSketches?
    /// How counts are told.
    package var counts = CountTelling.exact
    /// The columns of which values were left out because they are no numbers, as far as enough
    /// persons and customers are behind them in one row.
    package var leftOut: [String] = []

    package init(
        purpose: String, customers: Int, table: ControlledTable, other: String = "",
        proposal: String = ""
    ) {
        self.purpose = purpose
        self.customers = customers
        self.table = table
        self.other = other
        self.proposal = proposal
    }
}

/// Records of a closed period that came too late for its publication.
package struct LateRecords: Sendable, Equatable {
    /// The month, `yyyy-MM`.
    package var period: String
    /// Nil when what was counted of them is damaged or gone.
    package var records: Int64?

    package init(period: String, records: Int64?) {
        self.period = period
        self.records = records
    }
}
