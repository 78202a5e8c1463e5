import Foundation
import GRDB
import Glibc
import TestSupport

/// A folder in which a job is done again and again, each time from the same beginning. It stays in
/// one place, because a key store knows its users by their place.
final class FaultWorld {
    let job: FaultJob
    let scene: Scene
    private let beginning: FolderImage
    private var report: String { "\(scene.path)/../report" }
    /// How everything lies after the undisturbed job, and after it was done twice: what a first
    /// time makes superfluous, such as aggregates of a published month, a second one leaves out.
    private var expected: [[String: [UInt8]]] = []
    private var proof: Int32 = 0
    /// What the ledgers say then.
    private var expectedLedgers: [LedgerImage] = []
    /// What the undisturbed job prints.
    private var printed: [UInt8] = []
    private var entriesBefore = 0
    private var prospects: [Int: Prospect] = [:]
    /// When all that went before was done, in seconds since 1970.
    private var clock = 0

    init(_ job: FaultJob, scene: Scene? = nil) throws {
        self.job = job
        let scene = try scene ?? Scene(inMemory: true)
        self.scene = scene
        try Self.fill(scene)
        try Self.lendKeys(to: scene)
        for command in job.before where try !Self.isOfFiles(command, scene) {
            _ = try Self.mustSucceed(command, job, scene)
        }
        beginning = try FolderImage(of: scene.path)
        entriesBefore = try entries()
        printed = try Self.mustSucceed(job.command, job, scene).output
        proof = try verify()
        expected = [try state()]
        expectedLedgers = [try LedgerImage(of: scene)]
        _ = try run()
        expected.append(try state())
        expectedLedgers.append(try LedgerImage(of: scene))
        clock = time(nil)
        try FaultReport.prepare(report)
    }

    private static func fill(_ scene: Scene) throws {
        try scene.write("p.yaml", FaultJob.pipelineText)
        try scene.write(
            "long.yaml", FaultJob.pipelineText.replacingOccurrences(of: "P0D }", with: "P1Y }"))
        try scene.write(
            "sealed.yaml",
            FaultJob.pipelineText.replacingOccurrences(
                of: "P0D }", with: "P0D, wrapped_by: { credential: kek } }"))
        try scene.write("credentials/kek", String(repeating: "c0ffee11", count: 8))
        try scene.write("empty.yaml", FaultJob.emptyText)
        try scene.write("none/a.jsonl", "")
        try scene.write("pooled.yaml", FaultJob.pooledText)
        try scene.write("run.key", String(repeating: "c0ffee22", count: 8))
        try scene.write("told/.keep", "")
        try scene.write("list.csv", FaultJob.importText)
        try scene.write("store.yaml", FaultJob.storeText)
        try scene.write("former.yaml", FaultJob.looseText)
        try scene.write("loose.yaml", FaultJob.looseText + "opt_outs: opt-outs.csv\n")
        try scene.write("opt-outs.csv", FaultJob.optOutText)
        try scene.write("in/a.jsonl", FaultJob.lines(seed: 1))
        try scene.write("in/b.jsonl", FaultJob.lines(seed: 2, 40))
        // Sources are rewritten when they are at rest.
        for name in ["a", "b"] {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -86_400)],
                ofItemAtPath: "\(scene.path)/in/\(name).jsonl")
        }
        var maker = EventMaker(seed: 3)
        try scene.write("data/a.jsonl", maker.jsonLines(60))
        try scene.write("data/b.jsonl.gz", gzip(maker.jsonLines(60)))
    }

    /// Keys are random: the undisturbed job and the disturbed ones share those of a run elsewhere.
    private static func lendKeys(to scene: Scene) throws {
        for (name, content) in try keysOfElsewhere.get() { try scene.write(name, content) }
    }

    /// Made once for all worlds, by their names.
    private static let keysOfElsewhere = Result { () throws -> [String: [UInt8]] in
        let house = try Scene(inMemory: true)
        try fill(house)
        for pipeline in ["p.yaml", "store.yaml"] {
            let run = ["run", pipeline, "--now", "2026-03-20", "--quiet"]
            guard try sluice(run, in: house).status == 0 else { throw FaultProblem.setUp(run) }
        }
        var keys: [String: [UInt8]] = [:]
        for folder in ["keys", "store-keys"] {
            for (name, content) in try house.tree(folder)
            where name == "store" || name.hasSuffix(".key") {
                keys["\(folder)/\(name)"] = content
            }
        }
        return keys
    }

    /// What a service manager sets: where the key is by which keys may be sealed.
    private static func settings(_ scene: Scene) -> [String] {
        ["CREDENTIALS_DIRECTORY=\(scene.path)/credentials"]
    }

    /// The command, with the name of the only plan in place of a star.
    private static func words(_ command: [String], _ scene: Scene) throws -> [String] {
        try command.map { word in
            guard word.hasSuffix("/plan-*") else { return word }
            let folder = String(word.dropLast(7))
            let names = try FileManager.default.contentsOfDirectory(
                atPath: "\(scene.path)/\(folder)")
            guard let plan = names.first(where: { $0.hasPrefix("plan-") }) else { return word }
            return "\(folder)/\(plan)"
        }
    }

    private static func mustSucceed(
        _ command: [String],
        _ job: FaultJob,
        _ scene: Scene
    ) throws -> Outcome {
        let outcome = try sluice(
            words(command, scene), in: scene, through: settings(scene), feed: .bytes(job.input))
        guard outcome.status == 0 else { throw FaultProblem.setUp(command + [outcome.errors]) }
        return outcome
    }

    /// True for what somebody does with files, which is done then.
    private static func isOfFiles(_ command: [String], _ scene: Scene) throws -> Bool {
        let files = try scene.tree()
        func each(_ folder: String, _ body: (String) throws -> Void) throws {
            let found = files.keys.filter { $0.hasPrefix(folder + command[1]) }
            guard !found.isEmpty else { throw FaultProblem.setUp(command) }
            for name in found { try body(String(name.dropFirst(folder.count))) }
        }
        switch command[0] {
        case "put aside": try each("") { try scene.write("aside/\($0)", scene.read($0)) }
        case "put back": try each("aside/") { try scene.write($0, scene.read("aside/\($0)")) }
        case "lose": try each("") { try scene.remove($0) }
        default: return false
        }
        return true
    }

    /// Puts everything back as it was before the job.
    func restore() throws { try beginning.restore(scene.path) }

    /// Does the job with a fault. With `isSteady` everything random, and the clock, is the same
    /// each time: faults that come to the same leave the same folder.
    func run(
        with fault: Fault, isSteady: Bool = false, through words: [String] = []
    ) throws -> Outcome {
        try FaultReport.prepare(report)
        let steady = isSteady ? ["FAULT_CLOCK=\(clock)", "SWIFT_DETERMINISTIC_HASHING=1"] : []
        let streams = job.isStreamed ? ["FAULT_STREAMS=1"] : []
        return try run(through: fault.settings(report: report) + streams + steady + words)
    }

    /// For each call of the job that could fail this way, in their order, whence it comes: the same
    /// number for the same way through the programme.
    func sites(of fault: Fault) throws -> [UInt64] {
        let list = "\(scene.path)/../sites"
        try Data().write(to: URL(fileURLWithPath: list))
        try restore()
        let outcome = try run(with: fault, isSteady: true, through: ["FAULT_SITES=\(list)"])
        guard outcome.status == 0 else { throw FaultProblem.setUp(job.command + [outcome.errors]) }
        let all = Array(try Data(contentsOf: URL(fileURLWithPath: list)))
        return stride(from: 0, to: all.count - 7, by: 8).map { at in
            all[at..<(at + 8)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    /// How many calls of the job could fail this way.
    func calls(of fault: Fault) throws -> Int {
        try restore()
        let outcome = try run(with: fault, isSteady: true)
        guard outcome.status == 0 else { throw FaultProblem.setUp(job.command + [outcome.errors]) }
        return try told().calls
    }

    /// Does the job as it is.
    func run(through words: [String] = []) throws -> Outcome {
        try sluice(
            Self.words(job.command, scene), in: scene, through: Self.settings(scene) + words,
            feed: .bytes(job.input))
    }

    /// Begins a command as it is.
    func start(_ command: [String]) throws -> SluiceProcess {
        try SluiceProcess(
            Self.words(command, scene), in: scene.path, through: Self.settings(scene),
            feed: .bytes(job.input))
    }

    /// Does the job and kills it after so long, unless it has ended.
    func run(killedAfterMicroseconds wait: Int) throws -> Outcome {
        let process = try start(job.command)
        usleep(UInt32(wait))
        process.signal(SIGKILL)
        return try process.finish()
    }

    /// What the interposer has reported of the last job with a fault.
    func told() throws -> FaultReport { try FaultReport(path: report) }

    func verify() throws -> Int32 {
        try sluice(
            ["verify", job.pipeline, "--now", job.clock], in: scene,
            through: Self.settings(scene)
        ).status
    }

    /// Everything by its path, now or in an image: results by their bytes; what the state, the key
    /// store and the quarantine hold by name and rights only, without the random parts.
    private func state(_ image: FolderImage) -> [String: [UInt8]] {
        var state: [String: [UInt8]] = [:]
        for entry in image.entries {
            guard let content = entry.content, !Self.isDead(entry.name) else { continue }
            if Self.inner.contains(where: entry.name.hasPrefix) {
                // A ledger without its seal is looked at more closely by the next owner.
                if entry.name.hasSuffix("/ledger.seal") { continue }
                state[Self.masked(entry.name), default: []] += bytes("\(entry.mode) ")
            } else {
                state[entry.name] = bytes("\(entry.mode) ") + content
            }
        }
        return state
    }

    /// True for what an attempt at a task, or a plan, that was killed leaves in the folder of work:
    /// others may be at work beside it, so only its age tells, and `gc` removes it.
    private static func isDead(_ name: String) -> Bool {
        name.hasPrefix("work/") && ["/_tmp.", "/plan.json."].contains { name.contains($0) }
    }

    func state() throws -> [String: [UInt8]] { try state(FolderImage(of: scene.path)) }

    private static let inner = [
        "state/", "keys/", "store-state/", "store-keys/", "empty-state/", "loose/quarantine/",
        "work/", "told/", "filter-keys/",
    ]

    /// The name with a star for each random part: twelve or more hexadecimal digits, and a number
    /// that is joined to them.
    static func masked(_ name: String) -> String {
        func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
        var rest = Array(name.utf8)[...]
        var masked: [UInt8] = []
        while !rest.isEmpty {
            let digits = rest.prefix { isDigit($0) || $0 &- 0x61 < 6 }
            rest = rest.dropFirst(digits.count)
            if digits.count >= 12 {
                masked.append(UInt8(ascii: "*"))
                let number = rest.dropFirst().prefix(while: isDigit)
                if rest.first == UInt8(ascii: "-"), !number.isEmpty {
                    rest = rest.dropFirst(1 + number.count)
                }
            } else {
                masked += digits + rest.prefix(1)
                rest = rest.dropFirst()
            }
        }
        return text(masked)
    }

    /// What comes of a folder that a disturbed job has left.
    private struct Prospect {
        /// True when the ledger, or the results where there is none, has something that it had not
        /// before.
        let isEntered: Bool
        /// What is wrong when the job is done again.
        let wrong: [String]
    }

    /// What is wrong when the disturbed job has ended with `outcome`; then it is done again. What
    /// is done again begins with the folder alone, so the same folder is tried once.
    ///
    /// With `mayLeaveSeal` the seal of a ledger, which can be done without, may be half made: where
    /// nothing can be written any more, nothing can be removed.
    func faultsAfter(_ outcome: Outcome, mayLeaveSeal: Bool = false) throws -> [String] {
        var wrong: [String] = []
        let isStopped =
            outcome.status == 128 + SIGTERM && outcome.errors.contains("stopped by SIGTERM")
        if !(0...10).contains(outcome.status), !isStopped {
            wrong.append("status \(outcome.status)")
        }
        if let word = ["@firma", "203.0.113.", "NL-10"].first(where: outcome.errors.contains) {
            wrong.append("the message shows \(word)…")
        }
        if outcome.errors.contains("Optional(") { wrong.append("the message shows what is inside") }
        if job.isStreamed,
            outcome.status == 0
                ? outcome.output != printed : !printed.starts(with: outcome.output)
        {
            wrong.append("prints something else")
        }
        let image = try FolderImage(of: scene.path)
        if outcome.status == 0 {
            let found = state(image).filter { name, _ in
                !(mayLeaveSeal && name.contains("/.ledger.seal.sluice-"))
            }
            wrong += differences("at once", found, expected.prefix(1))
        }
        let prospect = try prospects[image.digest] ?? prospect()
        prospects[image.digest] = prospect
        if prospect.isEntered, outcome.errors.contains("nothing was written") {
            wrong.append("says that nothing was written, and something was")
        }
        if !prospect.isEntered, outcome.errors.contains("is entered in the ledger") {
            wrong.append("says that the ledger has it, and it has not")
        }
        return wrong + prospect.wrong
    }

    private func prospect() throws -> Prospect {
        let isEntered = job.isLoose ? try hasNewResults() : try entries() > entriesBefore
        return Prospect(isEntered: isEntered, wrong: try faultsOfGoingOn())
    }

    /// True when a result has another content than before the job; temporary files are none.
    private func hasNewResults() throws -> Bool {
        let before = Dictionary(
            uniqueKeysWithValues: beginning.entries.map { ($0.name, $0.content) })
        return try FolderImage(of: scene.path).entries.contains { entry in
            entry.name.hasPrefix("loose/") && !entry.name.hasSuffix(".tmp")
                && entry.content != nil && entry.content != before[entry.name]
        }
    }

    /// How many different folders disturbed jobs have left.
    var foldersLeft: Int { prospects.count }

    /// What is wrong when the job is done again, whatever was left of it: it must end where the
    /// undisturbed one ended. What it did of several months leaves out what they made superfluous
    /// only the time after.
    func faultsOfGoingOn() throws -> [String] {
        for _ in 0..<2 {
            let again = try run()
            if again.status != 0, again.status != job.statusAgain {
                return ["again: status \(again.status), \(again.errors)"]
            }
            let state = try state()
            if expected.contains(where: { isSame(state, $0) }) { break }
        }
        var wrong = try differences("again", state(), expected[...])
        let proof = try verify()
        if proof != self.proof { wrong.append("verify: status \(proof)") }
        return try wrong + LedgerImage(of: scene).differences(from: expectedLedgers)
    }

    /// How much stands in the ledgers: runs, and what commands enter by themselves. What a killed
    /// transaction left in their journals is no part of it.
    private func entries() throws -> Int {
        var count = 0
        for state in ["state", "store-state"] {
            count += try LedgerImage.read(state, of: scene) { db in
                try ["runs", "holds", "opt_outs", "erasures", "publications", Self.endings]
                    .filter { try db.tableExists(String($0.prefix { $0 != " " })) }
                    .reduce(0) { count, table in
                        try count
                            + (Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0)
                    }
            } ?? 0
        }
        return count
    }

    /// Events of commands that change something else, or only answer.
    private static let endings = """
        events WHERE kind IN ('hold-released', 'opt-out-withdrawn', 'partials-given-up',
            'recall-answered', 'request-answered', 'restriction-lifted', 'restriction-made')
        """

    /// True when all is the same, but months in the table of what is not yet published.
    private func isSame(_ found: [String: [UInt8]], _ expected: [String: [UInt8]]) -> Bool {
        if found == expected { return true }
        guard let table = job.waitingTable, let rows = found[table], let all = expected[table],
            Set(rows.split(separator: 0x0a)).isSubset(of: all.split(separator: 0x0a))
        else { return false }
        var others = found
        others[table] = all
        return others == expected
    }

    private func differences(
        _ when: String,
        _ found: [String: [UInt8]],
        _ allowed: ArraySlice<[String: [UInt8]]>
    ) -> [String] {
        guard let expected = allowed.first, !allowed.contains(where: { isSame(found, $0) })
        else { return [] }
        return Set(found.keys).union(expected.keys).filter { found[$0] != expected[$0] }.sorted()
            .prefix(5).map { "\(when): \($0) differs" }
    }
}

enum FaultProblem: Error { case setUp([String]) }
