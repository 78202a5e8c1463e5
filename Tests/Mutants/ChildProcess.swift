import Foundation

/// A programme that this one has started, and what it has cost when it ends.
struct ChildProcess {
    struct End {
        /// Its status, or the signal that ended it.
        let status: Int32
        let isBySignal: Bool
        /// Seconds that processors worked for it and for those of its children that it waited for.
        let processorSeconds: Double
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let number: pid_t

    /// Starts `words` with the descriptor `output` as both of its outputs and an input that is
    /// empty. It leads a process group of its own, so that what it starts can be ended with it.
    init(_ words: [String], environment: [String: String], output: Int32) throws {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 2)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // The threads of a test library block signals, and a mask is inherited.
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
        var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
        defer { unsafe arguments.forEach { unsafe free($0) } }
        var settings = unsafe environment.map { unsafe strdup("\($0)=\($1)") } + [nil]
        defer { unsafe settings.forEach { unsafe free($0) } }
        var started = pid_t()
        let fault = unsafe posix_spawnp(
            &started, words[0], &actions, &attributes, &arguments, &settings)
        guard fault == 0 else { throw Failure(description: "cannot start \(words[0])") }
        number = started
    }

    /// Nil as long as it runs, unless `isWaiting`: then its end is awaited. To be asked for once.
    func end(isWaiting: Bool = false) throws -> End? {
        var state: Int32 = 0
        var usage = rusage()
        let ended = unsafe wait4(number, &state, isWaiting ? 0 : WNOHANG, &usage)
        if ended == 0 { return nil }
        guard ended == number else { throw Failure(description: "a process was lost") }
        let signal = state & 0x7f
        return End(
            status: signal == 0 ? state >> 8 & 0xff : signal, isBySignal: signal != 0,
            processorSeconds: Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime))
    }

    /// Ends it and its children.
    func kill() { Glibc.kill(-number, SIGKILL) }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }
}
