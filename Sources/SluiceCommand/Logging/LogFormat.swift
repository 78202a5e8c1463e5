/// How a command tells what it did.
package enum LogFormat: String, CaseIterable, Sendable {
    /// Tables and sentences for people, on standard error.
    case text
    /// A JSON object on a line of standard error for each event.
    case json
    /// An entry in the journal of the system for each event, with fields of its own.
    case journald
}
