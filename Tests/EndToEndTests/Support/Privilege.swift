import FileSystem
import Synchronization
import Testing

/// What some tests need of the machine and do not find everywhere.
enum Privilege {
    private static let skipped = Mutex(0)

    /// Prints and counts that a test is skipped for want of the superuser's rights. A long mode
    /// that was asked for demands them: then it is a failure.
    static func skip(
        _ what: String, isDemanded: Bool, _ location: SourceLocation = #_sourceLocation
    ) {
        let number = skipped.withLock { count in
            count += 1
            return count
        }
        StandardError.write("skipped (\(number)), it needs the superuser: \(what)\n")
        if isDemanded {
            Issue.record("the long mode needs the superuser: \(what)", sourceLocation: location)
        }
    }
}
