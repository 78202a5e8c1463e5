private import FileSystem
private import Glibc
private import Pipelines
private import Records

/// Where the events of a command go.
package struct EventLog: Sendable {
    private let format: LogFormat
    private let journal: JournalSocket?

    /// Nil for `text`, which has no events.
    package init?(_ format: LogFormat, journal path: String = JournalSocket.standardPath) {
        if format == .text { return nil }
        self.format = format
        journal = format == .journald ? JournalSocket(path: path) : nil
    }

    /// Writes the events in their order. A journal that does not listen is told on standard error,
    /// and the events go there.
    package func write(_ events: [LogEvent]) {
        for event in events {
            guard format == .journald, journal?.send(event.journalFields) == true else {
                StandardError.write(event.json(at: Self.now()) + "\n")
                continue
            }
        }
    }

    /// The system's clock, RFC 3339 in UTC, whole seconds.
    private static func now() -> String {
        dateText(EventTime(milliseconds: Int64(time(nil)) * 1000))
    }
}

/// What `work` gives; its failure is told to the log, where there is one.
func logging<Answer>(
    to log: EventLog?, pipeline: String, _ work: () throws -> Answer
) throws -> Answer {
    do {
        return try work()
    } catch var failed as CommandFailure {
        guard let log, !failed.isTold else { throw failed }
        log.write([.event(of: failed.failure, effect: failed.effect, pipeline: pipeline)])
        failed.isTold = true
        throw failed
    }
}
