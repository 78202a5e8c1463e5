import FileSystem
import Glibc
import Synchronization
import TestSupport

/// What a process left behind.
struct Outcome: Equatable {
    /// The exit status, or 128 + the signal that ended it, as a shell says it.
    var status: Int32 = -1
    var output: [UInt8] = []
    var errors = ""
}

/// How standard input reaches the process.
enum Feed {
    case bytes([UInt8])
    case byteByByte([UInt8])
    /// The bytes, and then a pipe that stays open until the process has ended.
    case open([UInt8])
    /// More than fits into memory: pieces, each so often.
    case pieces([Piece])

    struct Piece {
        let bytes: [UInt8]
        let times: Int
    }
}

/// Where standard output goes.
enum Drain: Equatable {
    case captured
    case file(String)
    /// A pipe that nobody reads.
    case closedPipe
}

enum ProcessFault: Error {
    case cannotStart(Int32), tooSlow, noFile(String)
    /// Another mount namespace has the disk.
    case inUse(String)
}

/// One running `sluice`.
final class SluiceProcess {
    /// The binary that was built with these tests, or the build that `SLUICE` names: long
    /// tests start it so often that an optimised one is through in a fraction of the time.
    static let binary: String = {
        guard let named = unsafe getenv("SLUICE") else { return "\(folder)/sluice" }
        let path = unsafe String(cString: named)
        guard let whole = resolved(path) else { fatalError("SLUICE: there is no \(path)") }
        return whole
    }()

    /// The folder of what was built with these tests.
    static let folder: String =
        (resolved("/proc/self/exe") ?? "").split(separator: "/").dropLast()
        .reduce(into: "") { $0 += "/\($1)" }

    private static func resolved(_ path: String) -> String? {
        let whole = unsafe realpath(path, nil)
        defer { unsafe free(whole) }
        return unsafe whole.map { unsafe String(cString: $0) }
    }

    let pid: pid_t
    /// The most memory that it held at a time, where that was asked for.
    private(set) var peakKibibytes = 0
    /// What it took of processors, once it has ended.
    private(set) var processorSeconds = 0.0
    private let measuresMemory: Bool
    private let outputPath: String
    private let errorPath: String
    private var input: Int32

    /// Starts `sluice` with `arguments` in `folder`; it may hold at most `openFiles` files open.
    /// `through` are words before its name: settings of the environment, or a command that starts
    /// it.
    init(
        _ arguments: [String],
        in folder: String,
        through: [String] = [],
        openFiles: Int? = nil,
        feed: Feed = .bytes([]),
        drain: Drain = .captured,
        measuresMemory: Bool = false
    ) throws {
        self.measuresMemory = measuresMemory
        Glibc.signal(SIGPIPE, SIG_IGN)
        let marks = "\(folder)/../\(UInt64.random(in: 0 ... .max))"
        outputPath = "\(marks).out"
        errorPath = "\(marks).err"
        let errors = try Self.create(errorPath)
        let outputPath = outputPath
        (pid, input) = try Self.starting.withLock { _ in
            let ends = try Self.pipe()
            let output = try Self.open(drain, outputPath)
            defer { for number in [ends.reading, output, errors] { close(number) } }
            // The limit cannot be raised again by the process.
            let limit = openFiles.map { ["/bin/sh", "-c", "ulimit -n \($0); exec \"$0\" \"$@\""] }
            let pid = try Self.spawn(
                // env knows how to change the folder, which posix_spawn here does not.
                ["/usr/bin/env", "-C", folder] + through + (limit ?? []) + [Self.binary]
                    + arguments,
                streams: [ends.reading, output, errors]
            )
            return (pid, ends.writing)
        }
        send(feed)
    }

    /// One start at a time: a pipe is inheritable for a moment, and a process that inherits the
    /// writing end of another's input would keep it open.
    private static let starting = Mutex(())

    private static func pipe() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        guard unsafe Glibc.pipe(&ends) == 0 else { throw ProcessFault.cannotStart(errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func create(_ path: String) throws -> Int32 {
        let number = unsafe Glibc.open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw ProcessFault.noFile(path) }
        return number
    }

    private static func open(_ drain: Drain, _ path: String) throws -> Int32 {
        switch drain {
        case .captured: return try create(path)
        case .file(let name):
            let number = unsafe Glibc.open(name, O_WRONLY | O_CLOEXEC)
            guard number >= 0 else { throw ProcessFault.noFile(name) }
            return number
        case .closedPipe:
            let ends = try pipe()
            close(ends.reading)
            return ends.writing
        }
    }

    /// The environment of whatever runs the tool: next to nothing, what a sanitizer of this build
    /// was told, and `more`.
    static func environment(_ more: [String: String] = [:]) -> [String: String] {
        var settings = ["PATH": "/usr/bin:/bin"]
        for name in ["ASAN_OPTIONS", "TSAN_OPTIONS"] {
            guard let value = unsafe getenv(name) else { continue }
            settings[name] = unsafe String(cString: value)
        }
        return settings.merging(more) { $1 }
    }

    private static let settings = environment().map { "\($0)=\($1)" }

    private static func spawn(
        _ arguments: [String],
        streams: [Int32]
    ) throws -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for (number, stream) in streams.enumerated() {
            unsafe posix_spawn_file_actions_adddup2(&actions, stream, Int32(number))
        }
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        unsafe sigemptyset(&defaults)
        for number in [SIGPIPE, SIGINT, SIGTERM, SIGHUP] {
            unsafe sigaddset(&defaults, number)
        }
        unsafe posix_spawnattr_setsigdefault(&attributes, &defaults)
        // The threads of a test library block signals, and a mask is inherited.
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK)
        )
        var words = unsafe arguments.map { unsafe strdup($0) }
        unsafe words.append(nil)
        defer { unsafe words.forEach { word in unsafe free(word) } }
        var settings = unsafe Self.settings.map { unsafe strdup($0) }
        unsafe settings.append(nil)
        defer { unsafe settings.forEach { word in unsafe free(word) } }
        var pid = pid_t()
        let result = unsafe posix_spawn(
            &pid,
            arguments[0],
            &actions,
            &attributes,
            &words,
            &settings
        )
        guard result == 0 else { throw ProcessFault.cannotStart(result) }
        return pid
    }

    private func send(_ feed: Feed) {
        switch feed {
        case .bytes(let bytes): write(bytes, step: 1 << 16)
        case .byteByByte(let bytes): write(bytes, step: 1)
        case .open(let bytes): return write(bytes, step: 1 << 16)
        case .pieces(let pieces):
            pieces.forEach(write)
        }
        closeInput()
    }

    private func write(_ piece: Feed.Piece) {
        let together = min(piece.times, max(1, (1 << 16) / max(1, piece.bytes.count)))
        guard together > 0 else { return }
        let block = Array(repeatElement(piece.bytes, count: together).joined())
        for _ in 0..<(piece.times / together) { write(block, step: 1 << 16) }
        write(Array(block.prefix(piece.times % together * piece.bytes.count)), step: 1 << 16)
    }

    private func write(_ bytes: [UInt8], step: Int) {
        var done = 0
        while done < bytes.count {
            let end = min(done + step, bytes.count)
            let count = unsafe bytes[done..<end].withUnsafeBytes {
                unsafe Glibc.write(input, $0.baseAddress, $0.count)
            }
            // The process may have ended before it read everything: that is its answer.
            if count < 0 && errno == EPIPE { return }
            done += max(0, count)
        }
    }

    func closeInput() {
        if measuresMemory { notePeak() }
        if input >= 0 { close(input) }
        input = -1
    }

    func signal(_ number: Int32) { kill(pid, number) }

    /// True when the process has ended; its outcome is still to be had.
    var hasEnded: Bool {
        var information = unsafe siginfo_t()
        let options = WEXITED | WNOHANG | WNOWAIT
        let result = unsafe waitid(P_PID, id_t(pid), &information, options)
        return unsafe result != 0 || information.si_signo != 0
    }

    /// What the system tells of it once it has waited for half a second, as for its input; on a
    /// busy machine it may take long to come there. Gives up after a minute.
    func statusOnceItWaits() throws -> String {
        var status = ""
        var looks = 0
        for _ in 0..<1200 where looks < 10 {
            usleep(50_000)
            status = text(
                try FileDescriptor.reading("/proc/\(pid)/status").readAll(limitBytes: 1 << 16))
            looks = status.contains("State:\tS") ? looks + 1 : 0
        }
        return status
    }

    /// Waits for the end; a process that takes longer than `seconds`, ten times as long under a
    /// sanitizer, is killed and a fault.
    func finish(within seconds: Int = 120) throws -> Outcome {
        defer {
            closeInput()
            unsafe unlink(outputPath)
            unsafe unlink(errorPath)
        }
        var state: Int32 = 0
        var usage = rusage()
        let pause = measuresMemory ? 2000 : 500
        for _ in 0..<(seconds * (Want.isPlainProcess ? 1 : 10) * 1_000_000 / pause) {
            if measuresMemory { notePeak() }
            if unsafe wait4(pid, &state, WNOHANG, &usage) == pid {
                processorSeconds = [usage.ru_utime, usage.ru_stime].reduce(0) {
                    $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6
                }
                return try outcome(state)
            }
            usleep(UInt32(pause))
        }
        kill(pid, SIGKILL)
        unsafe waitpid(pid, &state, 0)
        throw ProcessFault.tooSlow
    }

    private func notePeak() {
        peakKibibytes = max(peakKibibytes, TestSupport.peakKibibytes(of: pid) ?? 0)
    }

    private func outcome(_ state: Int32) throws -> Outcome {
        let signal = state & 0x7f
        let errors = try FileDescriptor.reading(errorPath).readAll(limitBytes: 1 << 24)
        let output = try? FileDescriptor.reading(outputPath).readAll(limitBytes: 1 << 28)
        return Outcome(
            status: signal == 0 ? (state >> 8) & 0xff : 128 + signal,
            output: output ?? [],
            errors: text(errors)
        )
    }
}

/// Runs `sluice` to its end.
func sluice(
    _ arguments: [String],
    in scene: Scene,
    through: [String] = [],
    openFiles: Int? = nil,
    feed: Feed = .bytes([]),
    drain: Drain = .captured
) throws -> Outcome {
    try SluiceProcess(
        arguments,
        in: scene.path,
        through: through,
        openFiles: openFiles,
        feed: feed,
        drain: drain
    ).finish()
}
