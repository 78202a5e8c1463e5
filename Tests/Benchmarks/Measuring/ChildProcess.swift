import Glibc

/// What one run of a command cost.
struct Cost {
    /// Seconds by the clock.
    let wall: Double
    /// Seconds of all processors, of the command and its children.
    let processor: Double
    /// The largest memory of one process, in bytes. The system counts that of this process up to
    /// the start of the command as the command's own: nothing here may hold much.
    let memory: Int
    /// What it and its children wrote to disks, in bytes; files that were removed count, too.
    let written: Int
    /// What it wrote, where that was asked for.
    let output: String
}

/// Runs commands and measures them.
enum ChildProcess {
    /// Runs `words` to its end, with standard input from `input` and standard output to nowhere, or
    /// kept for commands that say something short.
    static func run(
        _ words: [String], input: String = "/dev/null", keepsOutput: Bool = false
    ) throws -> Cost {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw BenchmarkFault("no pipe is to be had") }
        defer { close(ends[0]) }
        let start = now()
        let pid = try spawn(words, input: input, output: keepsOutput ? ends[1] : nil)
        close(ends[1])
        let output = keepsOutput ? readAll(ends[0]) : ""
        var state: Int32 = 0
        var usage = rusage()
        guard unsafe wait4(pid, &state, 0, &usage) == pid else {
            throw BenchmarkFault("\(words[0]) was lost")
        }
        let wall = now() - start
        guard state == 0 else { throw BenchmarkFault("\(words.joined(separator: " ")) failed") }
        return Cost(
            wall: wall, processor: seconds(usage.ru_utime) + seconds(usage.ru_stime),
            memory: usage.ru_maxrss * 1024, written: usage.ru_oublock * 512, output: output)
    }

    private static func spawn(
        _ words: [String], input: String, output: Int32?
    ) throws -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        if let output {
            unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
        } else {
            unsafe posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        }
        var arguments = unsafe words.map { unsafe strdup($0) }
        unsafe arguments.append(nil)
        defer { unsafe arguments.forEach { word in unsafe free(word) } }
        var pid = pid_t()
        let result = unsafe posix_spawnp(&pid, words[0], &actions, nil, &arguments, environ)
        guard result == 0 else { throw BenchmarkFault("cannot start \(words[0])") }
        return pid
    }

    private static func readAll(_ number: Int32) -> String {
        var all: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe read(number, &block, block.count)
            if count <= 0 { return String(decoding: all, as: UTF8.self) }
            all += block[..<count]
        }
    }

    private static func now() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }
}
