private import Glibc

/// Nanoseconds of the clock that never jumps.
func nanosecondsNow() -> Int64 {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
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
