import Foundation

/// A programme that is run to its end, or ended when it takes too long or has said enough.
struct Command {
    struct Result {
        /// Nil when it was ended, by this tool or by a limit of time.
        let status: Int32?
        /// True when it was ended for what it said.
        let isCutShort: Bool
        let output: String
    }

    let words: [String]
    let folder: URL
    var environment: [String: String] = [:]
    /// Seconds of the clock, for what waits forever.
    var timeout = 7200.0
    /// Seconds of processors, for what works forever; nil for as many as it likes.
    var processorSeconds: Int?
    /// When it says this, it is ended.
    var last: String?

    /// More memory than any test needs: a loop that never ends may take all of it.
    private static let kilobytesMax = 8_000_000

    /// Runs it; what it says goes through a file in `scratch`.
    func run(scratch: URL) throws -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = limited
        process.currentDirectoryURL = folder
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let log = scratch.appendingPathComponent("mutants-\(UUID().uuidString).log")
        try Data().write(to: log)
        defer { try? FileManager.default.removeItem(at: log) }
        let handle = try FileHandle(forWritingTo: log)
        defer { try? handle.close() }
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let isCutShort = watch(process, log)
        process.waitUntilExit()
        let isEnded = process.terminationReason == .uncaughtSignal
            && [SIGKILL, SIGXCPU].contains(process.terminationStatus)
        let output = String(decoding: (try? Data(contentsOf: log)) ?? Data(), as: UTF8.self)
        return Result(
            status: isEnded || isCutShort ? nil : process.terminationStatus,
            isCutShort: isCutShort, output: output)
    }

    private var limited: [String] {
        guard let processorSeconds else { return words }
        let limits =
            "ulimit -c 0; ulimit -t \(processorSeconds); ulimit -v \(Self.kilobytesMax); "
        return ["sh", "-c", limits + #"exec "$@""#, "sh"] + words
    }

    /// Waits for the end of `process`, or ends it; true when it had said `last`.
    private func watch(_ process: Process, _ log: URL) -> Bool {
        let end = Date().addingTimeInterval(timeout)
        while process.isRunning {
            usleep(10_000)
            let hasSaid =
                last.map { word in
                    (try? Data(contentsOf: log))?.range(of: Data(word.utf8)) != nil
                } ?? false
            if hasSaid || Date() > end {
                kill(process.processIdentifier, SIGKILL)
                return hasSaid
            }
        }
        return false
    }
}

/// Prints a line of the result.
func tell(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

/// Says how far the tool is, on standard error.
func report(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }
