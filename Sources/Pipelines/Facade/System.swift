private import Glibc

/// Seconds of the clock that never jumps.
func secondsNow() -> Double {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// The user whom this process works for.
func ownUser() -> UInt32 { geteuid() }

/// The folder the process works in, as an absolute path.
func workingFolder() throws(PipelineFailure) -> String {
    guard let path = unsafe getcwd(nil, 0) else {
        throw .storage("the folder that the command was started in is not to be had any more")
    }
    defer { unsafe free(path) }
    return unsafe String(cString: path)
}
