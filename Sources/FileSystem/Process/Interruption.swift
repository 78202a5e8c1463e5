private import CSystem
private import Glibc
private import Synchronization

/// The wish of a user or of the system that the programme stops cleanly.
///
/// Long loops look at `isRequested` between two pieces of work. A read that waits for a silent pipe
/// or terminal wakes up, whichever thread the system gives the signal to, and throws the fault
/// `interrupted`.
package enum Interruption {
    private static let received = Atomic<Int32>(0)

    /// Raised together with the flag; -1 before `install`.
    private static let event = Atomic<Int32>(-1)

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
        event.store(csystem_make_event(), ordering: .relaxed)
        listen(to: SIGINT, flags: SA_RESETHAND)
        listen(to: SIGTERM, flags: 0)
        listen(to: SIGHUP, flags: 0)
    }

    /// Waits until there is something to read from `number`, and says false when a signal came
    /// first. Says true at once before `install`.
    static func waitUntilReadable(_ number: Int32) -> Bool {
        let wake = event.load(ordering: .relaxed)
        guard wake >= 0 else { return true }
        while !isRequested {
            var waiting = (
                pollfd(fd: number, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wake, events: Int16(POLLIN), revents: 0)
            )
            let ready = unsafe withUnsafeMutableBytes(of: &waiting) { region in
                unsafe poll(region.assumingMemoryBound(to: pollfd.self).baseAddress, 2, -1)
            }
            // A failed poll leaves the answer to the read.
            if !isRequested, ready > 0 || (ready < 0 && errno != EINTR) { return true }
        }
        return false
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
            csystem_raise_event(Interruption.event.load(ordering: .relaxed))
        }
        // No SA_RESTART: opening a named pipe must wake up too.
        action.sa_flags = Int32(bitPattern: flags)
        _ = unsafe sigaction(number, &action, nil)
    }
}
