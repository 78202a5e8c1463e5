private import Glibc

/// The processor seconds that this thread takes for `work`: a busy machine makes it wait, and does
/// not count.
public func processorSeconds<Failure: Error>(_ work: () throws(Failure) -> Void) throws(Failure)
    -> Double
{
    let start = threadSeconds()
    try work()
    return threadSeconds() - start
}

private func threadSeconds() -> Double {
    var now = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}
