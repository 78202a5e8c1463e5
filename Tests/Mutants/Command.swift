import Foundation

/// A programme that is run to its end, or ended when it takes too long or has said enough.
struct Command {
    struct Result {
        /// Nil when it was ended, by this tool or by a limit of time.
        let status: Int32?
        /// True when it was ended for what it said.
        let isCutShort: Bool
        /// Seconds that processors worked for it.
        let processorSeconds: Double
        let output: String
    }

    let words: [String]
    let folder: URL
    var environment: [String: String] = [:]
    /// Seconds of the clock, for what waits forever; those in which this tool was stopped as well
    /// do not count.
    var timeout = 7200.0
    /// Seconds of processors, for what works forever; nil for as many as it likes.
    var processorSeconds: Int?
    /// When it says this, it is ended.
    var last: String?

    /// More memory than any test needs: a loop that never ends may take all of it.
    private static let kilobytesMax = 8_000_000

    /// At least so much time passes between two looks at whether it still runs.
    private static let secondsOfALook = 0.01

    /// Runs it; what it says goes through a file in `scratch`.
    func run(scratch: URL) throws -> Result {
        let log = scratch.appendingPathComponent("mutants-\(UUID().uuidString).log")
        try Data().write(to: log)
        defer { try? FileManager.default.removeItem(at: log) }
        let handle = try FileHandle(forWritingTo: log)
        defer { try? handle.close() }
        let process = try ChildProcess(
            ["/usr/bin/env", "-C", folder.path] + limited,
            environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
            output: handle.fileDescriptor)
        let (end, isCutShort) = try watch(process, log)
        let isEnded = end.isBySignal && [SIGKILL, SIGXCPU].contains(end.status)
        let output = String(decoding: (try? Data(contentsOf: log)) ?? Data(), as: UTF8.self)
        return Result(
            status: isEnded || isCutShort ? nil : end.status, isCutShort: isCutShort,
            processorSeconds: end.processorSeconds, output: output)
    }

    private var limited: [String] {
        guard let processorSeconds else { return words }
        let limits =
            "ulimit -c 0; ulimit -t \(processorSeconds); ulimit -v \(Self.kilobytesMax); "
        return ["sh", "-c", limits + #"exec "$@""#, "sh"] + words
    }

    /// Waits for the end of `process`, or ends it; true when it had said `last`.
    private func watch(
        _ process: ChildProcess, _ log: URL
    ) throws -> (ChildProcess.End, isCutShort: Bool) {
        var looks = timeout / Self.secondsOfALook
        while true {
            if let end = try process.end() { return (end, false) }
            usleep(UInt32(Self.secondsOfALook * 1e6))
            looks -= 1
            let hasSaid =
                last.map { word in
                    (try? Data(contentsOf: log))?.range(of: Data(word.utf8)) != nil
                } ?? false
            guard hasSaid || looks <= 0 else { continue }
            process.kill()
            if let end = try process.end(isWaiting: true) { return (end, hasSaid) }
        }
    }
}

/// Prints a line of the result.
func tell(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

/// Says how far the tool is, on standard error.
func report(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }
