private import FileSystem
private import Glibc
private import Synchronization

/// Runs `body(0)` … `body(count - 1)` at the same time and returns when all have returned; the
/// first runs on the calling thread.
func runThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let seats = Seats(for: count)
    let threads = startThreads(1..<max(count, 1)) { index in
        seats?.take(index)
        body(index)
    }
    seats?.take(0)
    body(0)
    seats?.leave()
    for thread in threads { _ = pthread_join(thread, nil) }
}

/// A processor for each of several threads, where there are just as many of both.
///
/// Left alone, a thread that was woken often goes on beside the one that woke it, though another
/// processor is idle, above all in virtual machines, whose idle processors look busy; some
/// milliseconds pass before they are apart again. Where more runs than there are processors this
/// costs a little instead: two runs of two workers each on two processors take a thirtieth longer.
private struct Seats {
    private let processors: ProcessorSet
    /// Where the calling thread is, and stays.
    private let first: Int

    /// Nil when there are more processors than threads, or fewer: then the system knows better.
    init?(for count: Int) {
        guard count > 1, let processors = ProcessorSet.allowed(), processors.count == count else {
            return nil
        }
        self.processors = processors
        first = currentProcessor()
    }

    /// Keeps the calling thread to the processor of the thread at `index`.
    func take(_ index: Int) { processors.keep(to: index, behind: first) }

    /// Lets the calling thread run everywhere again.
    func leave() { processors.allow() }
}

/// Runs `body` while `count` other threads run `help`, and returns when all have; `end` tells them
/// that there is nothing more to be done.
func runHelped<Result>(
    by count: Int, _ help: @escaping @Sendable () -> Void, end: () -> Void,
    _ body: () throws(PipelineFailure) -> Result
) throws(PipelineFailure) -> Result {
    let threads = startThreads(0..<max(count, 0)) { _ in help() }
    defer {
        end()
        for thread in threads { _ = pthread_join(thread, nil) }
    }
    return try body()
}

/// Starts a thread for each of `numbers`; fewer where the system has no more.
private func startThreads(
    _ numbers: Range<Int>, _ body: @escaping @Sendable (Int) -> Void
) -> [pthread_t] {
    var threads: [pthread_t] = []
    for number in numbers {
        let box = unsafe Unmanaged.passRetained(ThreadBody { body(number) })
        var thread = pthread_t()
        let failed = unsafe pthread_create(
            &thread, nil,
            { argument in
                if let argument = unsafe argument {
                    unsafe Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
                }
                return nil
            }, unsafe box.toOpaque())
        if failed != 0 {
            unsafe box.release()
            break
        }
        threads.append(thread)
    }
    return threads
}

private final class ThreadBody {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
}

/// A lock with a condition: the two places where workers meet.
///
/// POSIX mutexes instead of `Mutex`, which has no condition to wait for.
@safe final class Monitor: @unchecked Sendable {
    // Both live in allocations of their own: their addresses must not change.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    /// True while somebody looks at the lock without sleeping.
    private let isLookedAt = Atomic(false)

    init() {
        unsafe mutex = .allocate(capacity: 1)
        unsafe condition = .allocate(capacity: 1)
        _ = unsafe pthread_mutex_init(mutex, nil)
        _ = unsafe pthread_cond_init(condition, nil)
    }

    deinit {
        _ = unsafe pthread_cond_destroy(condition)
        _ = unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
        unsafe condition.deallocate()
    }

    func lock() { _ = unsafe pthread_mutex_lock(mutex) }

    /// Takes the lock if nobody has it; false when somebody has.
    func lockIfFree() -> Bool { unsafe pthread_mutex_trylock(mutex) == 0 }

    /// As `lock`, for a lock that is held about as long as a chunk takes to be read or inflated:
    /// whoever comes first looks at it so long before he sleeps, because to fall asleep and be
    /// woken takes as long again. Others sleep at once: one processor spent on looking is enough.
    ///
    /// He does not yield: the scheduler may take that for leave to keep both threads on one
    /// processor, and on a busy machine it gives the processor to others for milliseconds.
    func lockAfterLooking() {
        if lockIfFree() { return }
        guard !isLookedAt.exchange(true, ordering: .relaxed) else { return lock() }
        defer { isLookedAt.store(false, ordering: .relaxed) }
        let end = nanosecondsNow() + Self.lookingNanoseconds
        while nanosecondsNow() < end {
            for _ in 0..<Self.pausesBetween { pauseProcessor() }
            if lockIfFree() { return }
        }
        lock()
    }

    private static let lookingNanoseconds: Int64 = 200_000
    private static let pausesBetween = 8

    func unlock() { _ = unsafe pthread_mutex_unlock(mutex) }
    /// Gives the lock away until another thread calls `wakeAll`.
    func wait() { _ = unsafe pthread_cond_wait(condition, mutex) }
    func wakeAll() { _ = unsafe pthread_cond_broadcast(condition) }
}
