private import Glibc
private import Synchronization

/// Something that a test needs and that not every machine, or not every build, has.
public enum Want: String, Sendable {
    case superuser = "the superuser"
    case landlock = "a kernel with Landlock"
    case fullDevice = "/dev/full"
    case mounts = "the right to mount disks"
    case diskMakers = "mkfs.ext4 and losetup"
    case memoryLimits = "a control group that limits memory"
    /// Core files that lie where the process was.
    case coreFiles = "a kernel that leaves core files in place"
    /// They lie beside this repository, and no machine needs them.
    case fixtures = "the fixtures of the oracle"
    case gzip = "gzip"
    case chromium = "a Chromium that works here"
    case postgres = "a PostgreSQL server"
    case sketches = "a Python with datasketches 5.2"
    case valgrind = "valgrind and strip, and a build for debugging on x86-64"
    case deploymentTools = "a tool of the field"
    /// Limits of address space, counts of allocations and of instructions, and libraries loaded in
    /// front of others mean nothing in a process that a sanitizer watches.
    case plainProcess = "a process without a sanitizer"

    /// True when a test may run, that is when `isHere`.
    ///
    /// Otherwise the test is left out: the line on standard error has the number of those so far.
    /// With `SLUICE_LONG` set, as `.ci/test --long` sets it, the test fails instead; but not for
    /// want of a plain process, which is a matter of the build, or of what lies beside this
    /// repository. `isDemanded` says that the long form of the test alone was asked for.
    public func isMet(
        _ isHere: Bool = Want.isPlainProcess, isDemanded: Bool = false
    ) throws -> Bool {
        if isHere { return true }
        if ![.plainProcess, .fixtures].contains(self), isDemanded || Self.isLong {
            throw Missing(want: self)
        }
        let number = Self.leftOut.withLock { counts in
            counts[self, default: 0] += 1
            return counts[self, default: 0]
        }
        let line = Array("skipped for want of \(rawValue): \(number)\n".utf8)
        _ = unsafe line.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
        return false
    }

    /// True when every test is to run in full.
    public static let isLong = unsafe getenv("SLUICE_LONG") != nil

    /// False when the address or the thread sanitizer watches this process.
    public static let isPlainProcess =
        unsafe dlsym(nil, "__asan_init") == nil && dlsym(nil, "__tsan_init") == nil

    /// How many tests were left out.
    private static let leftOut = Mutex<[Want: Int]>([:])

    /// What is missing where nothing may be.
    public struct Missing: Error, CustomStringConvertible {
        let want: Want
        public var description: String { "this machine lacks \(want.rawValue)" }
    }
}
