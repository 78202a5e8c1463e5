package import Records

/// Why the key of a month still lives.
package enum KeyReason: Sendable, Equatable {
    /// Records of the month can still be in the window, until then.
    case inWindow(until: EventTime)
    /// All its records must have been aged out; it stays for late ones until then.
    case grace(until: EventTime)
    /// A pipeline has not run since all records of the month are due: they may still be readable.
    case notRunSince(pipeline: String, place: String, lastRun: EventTime, due: EventTime)
    /// A stored part still holds readable records of the month.
    case readableRecords(place: String)
    /// Aggregates of unpublished periods hold tokens of the key.
    case unpublished(count: Int, place: String)
    /// A committed run was killed before its files had their names.
    case unfinishedRun(place: String)
    /// A hold binds that may be about records of the month.
    case held(hold: String, place: String, until: EventTime?)
    /// A run or command is at work on a state that uses the key store.
    case busy(place: String)
    /// A state that uses the key store cannot be asked.
    case unreachable(place: String, why: String)

    /// From when on this reason no longer counts, where that is known.
    package var retryAt: EventTime? {
        switch self {
        case .inWindow(let until), .grace(let until): until
        case .held(_, _, let until): until
        case .notRunSince, .readableRecords, .unpublished, .unfinishedRun, .busy, .unreachable:
            nil
        }
    }

    /// The reason as a word for machines.
    package var code: String {
        switch self {
        case .inWindow: "in-window"
        case .grace: "grace"
        case .notRunSince: "not-run-since"
        case .readableRecords: "readable-records"
        case .unpublished: "unpublished"
        case .unfinishedRun: "unfinished-run"
        case .held: "held"
        case .busy: "busy"
        case .unreachable: "unreachable"
        }
    }

    /// The reason for people, without a full stop.
    package var sentence: String {
        switch self {
        case .inWindow(let until):
            "its last records become due at \(dateText(until))"
        case .grace(let until):
            "it stays for late records until \(dateText(until))"
        case .notRunSince(let pipeline, let place, let lastRun, let due):
            "the pipeline \(pipeline) of \(place) last ran at \(dateText(lastRun)), before all its "
                + "records were due at \(dateText(due)): run it"
        case .readableRecords(let place):
            "outputs of \(place) still hold readable records of that time: run its pipeline"
        case .unpublished(let count, let place):
            "it waits for publication: \(count) unpublished "
                + (count == 1 ? "partial" : "partials") + " of \(place)"
        case .unfinishedRun(let place):
            "a run of \(place) was stopped before its files had their names: run its pipeline"
        case .held(let hold, let place, let until):
            "the hold \(hold) of \(place) may need it"
                + (until.map { " until \(dateText($0))" } ?? " until it is released")
        case .busy(let place):
            "another run is at work on \(place): it is asked again later"
        case .unreachable(let place, let why):
            "\(place) cannot be asked (\(why)): restore it, or `sluice keys forget` it when it is "
                + "gone for good"
        }
    }
}
