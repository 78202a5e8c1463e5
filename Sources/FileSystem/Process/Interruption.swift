private import Glibc
private import Synchronization

/// The wish of a user or of the system that the programme stops cleanly.
///
/// Long loops look at `isRequested` between two pieces of work; reads and writes that a signal woke
/// up throw the fault `interrupted`.
package enum Interruption {
    private static let received = Atomic<Int32>(0)

    /// True once SIGINT, SIGTERM or SIGHUP has come.
    package static var isRequested: Bool { received.load(ordering: .relaxed) != 0 }

    /// The number of the signal that came last, or nil.
    package static var signal: Int32? {
        let number = received.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    /// Lets SIGINT, SIGTERM and SIGHUP set the flag; a second SIGINT ends the process at once.
    ///
    /// A signal that the caller had ignored (as `nohup` does) stays ignored.
    package static func install() {
        // Touching the flag here makes sure that the first access is not inside a signal.
        received.store(0, ordering: .relaxed)
        listen(to: SIGINT, flags: SA_RESETHAND)
        listen(to: SIGTERM, flags: 0)
        listen(to: SIGHUP, flags: 0)
    }

    private static func listen(to number: Int32, flags: UInt32) {
        var previous = sigaction()
        guard unsafe sigaction(number, nil, &previous) == 0 else { return }
        let ignored = unsafe unsafeBitCast(SIG_IGN, to: Int.self)
        let before = unsafe unsafeBitCast(
            previous.__sigaction_handler.sa_handler, to: Int.self)
        if before == ignored { return }
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_handler = { number in
            Interruption.received.store(number, ordering: .relaxed)
        }
        // No SA_RESTART: a read that waits for a silent pipe must wake up.
        action.sa_flags = Int32(bitPattern: flags)
        _ = unsafe sigaction(number, &action, nil)
    }
}
