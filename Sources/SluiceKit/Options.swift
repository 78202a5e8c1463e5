/// What may be said to a run.
public struct RunOptions: Sendable {
    /// Files, patterns or directories that take the place of the pipeline's sources.
    public var sources: [String] = []
    /// The run's clock: a date such as `2026-04-15` or an RFC 3339 time; nil for the system's.
    public var now: String?
    /// The number of workers, 1 to 64; nil for one per processor, at most 16. The result does not
    /// depend on it.
    public var workers: Int?
    /// Reads and counts everything, writes nothing.
    public var isDryRun = false

    public init() {}
}

/// What may be said to a publication.
public struct PublishOptions: Sendable {
    /// The month, `yyyy-MM`; nil for every month that is over and waits.
    public var month: String?
    /// The clock: a date or an RFC 3339 time; nil for the system's.
    public var now: String?
    /// Says what would be published, writes nothing.
    public var isDryRun = false

    public init() {}
}
