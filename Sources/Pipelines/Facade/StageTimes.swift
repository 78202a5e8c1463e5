/// How long the stages of a run took: of those that workers share, the time of all workers
/// together.
package struct StageTimes: Sendable {
    /// The work that a run consists of, in the order in which a record meets it.
    package enum Stage: Int, Sendable, CaseIterable {
        case read, inflate, scan, release, encode, aggregate, wait, output, merge, commit

        /// The name in reports.
        package var name: String { "\(self)" }

        /// What is done, for people.
        package var words: String {
            switch self {
            case .read: "sources read, cut into whole records"
            case .inflate: "gzip inflated"
            case .scan: "records and fields found"
            case .release: "times, decisions, rules and tokens"
            case .encode: "records written in the output's form"
            case .aggregate: "counting for statistics"
            case .wait: "waiting for the source or for a turn"
            case .output: "compressing and writing, in order"
            case .merge: "workers' statistics brought together"
            case .commit: "keys, ledger, tables, durable files"
            }
        }
    }

    private var nanoseconds = [Int64](repeating: 0, count: Stage.allCases.count)

    package init() {}

    /// The seconds spent on `stage`.
    package func seconds(_ stage: Stage) -> Double { Double(nanoseconds[stage.rawValue]) / 1e9 }

    /// The seconds of all stages together.
    package var total: Double { Double(nanoseconds.reduce(0, +)) / 1e9 }

    /// Adds time to `stage`.
    mutating func add(_ stage: Stage, nanoseconds time: Int64) {
        nanoseconds[stage.rawValue] += time
    }

    /// Adds the times of another worker or task.
    mutating func add(_ other: StageTimes) {
        for index in nanoseconds.indices { nanoseconds[index] += other.nanoseconds[index] }
    }
}

/// The clock of one worker: tells each stretch of time to the stage that it was spent on. Read a
/// few times per chunk, so that it always runs.
struct StageClock {
    private(set) var times = StageTimes()
    private var last = nanosecondsNow()

    /// Starts anew: what has passed since the last stage is nobody's.
    mutating func restart() { last = nanosecondsNow() }

    /// Ends a stretch of `stage`, of which `other` nanoseconds were spent on `part`.
    mutating func end(
        _ stage: StageTimes.Stage, less other: Int64 = 0, on part: StageTimes.Stage = .inflate
    ) {
        let now = nanosecondsNow()
        times.add(stage, nanoseconds: now - last - other)
        if other != 0 { times.add(part, nanoseconds: other) }
        last = now
    }
}
