import FileSystem
import Foundation
import TestSupport
import Testing

/// How many instructions a record costs, pinned: unlike seconds they are nearly the same on each
/// run, however busy the machine is.
///
/// `valgrind` counts those of `sluice` over two logs; the difference is what the records between
/// them cost. It tells of work that allocates nothing: a search in a list, a value looked up twice.
/// The counts are those of a build for debugging with Swift 6.3 on x86-64, several times those of a
/// release: they say that something has changed, not how fast a release is.
///
/// When a change is meant to cost more, or less, put the number that the failed test says into the
/// table, with the change that made it so.
@Suite(
    "Instructions per record",
    .enabled(if: try Want.plainProcess.isMet() && Want.valgrind.isMet(Valgrind.isHere)))
struct InstructionTests {
    /// The instructions for one record, in thousands.
    static let pins: [CostJob: Double] = [
        .truncate: 12.4,
        .anonymize: 252.8,
        .aggregate: 111.2,
        .aggregateCSV: 101.9,
        .aggregateLog: 84.9,
        .both: 330.5,
    ]

    /// The instructions of a run over a kilobyte, with keys, in millions.
    static let startPin = 80.8

    /// The share by which a number may differ from its pin.
    static let slack = 0.05

    @Test(arguments: CostJob.allCases)
    func aRecordTakesNoMoreInstructionsThanItDid(_ job: CostJob) throws {
        let pin = try #require(Self.pins[job])
        let few = try CostTrial(job, sizeBytes: 1 << 17)
        let many = try CostTrial(job, sizeBytes: 1 << 19)
        let difference = try Valgrind.instructions(many) - Valgrind.instructions(few)
        let thousands = Double(difference) / Double(many.records - few.records) / 1000
        Self.expect(thousands, pin, "thousand instructions a record")
    }

    @Test func aStartTakesNoMoreInstructionsThanItDid() throws {
        let trial = try CostTrial(.anonymize, sizeBytes: 1 << 10)
        let millions = Double(try Valgrind.instructions(trial)) / 1_000_000
        Self.expect(millions, Self.startPin, "million instructions a start")
    }

    private static func expect(_ number: Double, _ pin: Double, _ unit: String) {
        let shown = "\((number * 10).rounded() / 10) \(unit)"
        #expect(number <= pin * (1 + slack), "\(shown), the pin is \(pin)")
        #expect(number >= pin * (1 - slack), "\(shown): set the pin to it")
    }
}

/// Counts the instructions of a process.
enum Valgrind {
    /// False where the pins say nothing: they are those of a build for debugging on x86-64.
    static let isHere: Bool = {
        #if DEBUG && arch(x86_64)
            ["valgrind", "strip"].allSatisfy { path(of: $0) != nil }
        #else
            false
        #endif
    }()

    /// The instructions of a run over the log of `trial`, as a user starts it.
    static func instructions(_ trial: CostTrial) throws -> Int {
        // Without its debugging information, which valgrind would read first, and not always can.
        let program = "\(trial.folder)/sluice"
        _ = try run("strip", ["--strip-debug", "-o", program, CostTrial.program])
        let said = try run(
            "valgrind",
            [
                "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", program,
                "run", trial.pipeline, "--quiet", "--now", CostTrial.now, "--workers", "1",
            ])
        let line = try #require(said.split(separator: "\n").last { $0.contains("refs:") })
        let digits = line.drop { $0 != "I" }.filter(\.isNumber)
        return try #require(Int(digits))
    }

    private static func path(of name: String) -> String? {
        let folders = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
        return folders.map { "\($0)/\(name)" }.first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
    }

    /// Runs a command to its end; returns what it said on standard error.
    private static func run(_ name: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(path(of: name)))
        process.arguments = arguments
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let said = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(name) failed")
        return String(decoding: said, as: UTF8.self)
    }
}
