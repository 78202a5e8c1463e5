/// What the records of a workload look like. `ordinary` is what action logs are like; the others go
/// where a design that was tuned for that one would break.
package enum Shape: String, CaseIterable {
    case ordinary
    /// Two hundred fields.
    case wide
    /// Objects thirty levels deep.
    case deep
    /// Sixty bytes, the least that a job can work with.
    case tiny
    /// Thirty kilobytes, nearly all of it in one field that nobody asked for.
    case large
    /// No user, address or path comes twice.
    case unique
    /// Free text of a kilobyte that has to be searched for identifiers.
    case texts
}

/// How the events of a workload are written.
package enum Form: String, CaseIterable {
    case jsonLines = "jsonl"
    case csv
    case accessLog = "log"
    /// JSON Lines, compressed.
    case gzip = "jsonl.gz"
}
