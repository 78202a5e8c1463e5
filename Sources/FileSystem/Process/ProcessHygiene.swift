private import CSystem
private import Glibc

/// What must hold of the process before it touches a record.
package enum ProcessHygiene {
    /// To be called as the first act of main, before any thread is started.
    ///
    /// The signals of a crash get their default action, because the crash reporter of the Swift
    /// runtime prints memory behind the registers, and with it identifiers. Core dumps are off. New
    /// files are for their owner only. A full pipe or a file size limit shows as an error of the
    /// write, not as a silent death. For keys, as much memory may be locked as the system allows.
    /// Blocks of 128 KiB and more go back to the system when they are freed, so memory does not
    /// grow with what was held before.
    package static func apply() {
        for crash in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT] {
            _ = signal(crash, SIG_DFL)
        }
        _ = signal(SIGPIPE, SIG_IGN)
        _ = signal(SIGXFSZ, SIG_IGN)
        _ = csystem_forbid_core_dumps()
        _ = csystem_set_dumpable(0)
        _ = umask(0o077)
        _ = csystem_return_large_blocks()
        OpenFileLimit.raise()
        _ = csystem_raise_locked_memory()
        occupyStandardDescriptors()
    }

    /// Puts something behind descriptors 0, 1 and 2 where the caller closed them, so that no file
    /// opened later gets such a number and with it our messages.
    ///
    /// Each is opened the wrong way round: reading a closed input or writing to a closed output
    /// stays the error `EBADF`.
    private static func occupyStandardDescriptors() {
        for number in STDIN_FILENO...STDERR_FILENO where csystem_is_open(number) == 0 {
            let wrongWay = number == STDIN_FILENO ? O_WRONLY : O_RDONLY
            // The lowest free number is given out, so this opens exactly `number`.
            _ = unsafe csystem_openat(AT_FDCWD, "/dev/null", wrongWay, 0)
        }
    }
}
