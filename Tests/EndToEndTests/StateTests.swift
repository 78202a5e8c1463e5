import Glibc
import TestSupport
import Testing

/// What `run` remembers: nothing is counted twice, nothing stays readable, nothing changes unasked.
@Suite struct StateTests {
    private func line(_ day: String, _ user: String, _ action: String = "login") -> String {
        #"{"ts":"2026-\#(day)T10:00:00Z","customer":"NL-1","user":"\#(user)","#
            + #""ip":"203.0.113.9","action":"\#(action)","path":"/a"}"# + "\n"
    }

    private func scene(_ source: String) throws -> Scene {
        let scene = try Scene()
        try scene.write("p.yaml", Pipeline.stateful)
        try scene.write("in/a.jsonl", source)
        return scene
    }

    @discardableResult
    private func run(
        _ scene: Scene,
        _ now: String = "2026-04-15",
        _ more: [String] = [],
        location: SourceLocation = #_sourceLocation
    ) throws -> Outcome {
        let outcome = try sluice(["run", "p.yaml", "--now", now, "--json"] + more, in: scene)
        #expect(outcome.status == 0, "\(outcome.errors)", sourceLocation: location)
        return outcome
    }

    /// All records below `out`, in the order of the files' names.
    private func records(_ scene: Scene) throws -> [String] {
        try scene.tree("out").filter { $0.key.hasSuffix(".jsonl") }
            .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .flatMap { text($0.value).split(separator: "\n").map(String.init) }
    }

    /// A file that a run may not read, of exactly the size of a former part, is a stranger's and
    /// stops no run, unless it has the name of that part.
    @Test func aStrangersFileThatMayNotBeRead() throws {
        let scene = try scene(line("03-10", "anna@a.example"))
        try run(scene, "2026-03-20")
        let former = try scene.tree("out").filter { $0.key.hasSuffix(".jsonl") }
        try run(scene, "2026-04-20")
        let after = try scene.tree("out")
        let (name, content) = try #require(former.first { after[$0.key] != $0.value })
        let words = getuid() == 0 ? Self.withoutPrivileges : []
        for (place, status) in [("stranger", Int32(0)), (name, 6)] {
            try scene.write("out/\(place)", content.map { _ in 0x78 }, mode: 0)
            let outcome = try sluice(
                ["run", "p.yaml", "--now", "2026-04-21"], in: scene, through: words)
            #expect(outcome.status == status, "\(place): \(outcome.errors)")
            #expect(outcome.errors.contains("may not be read") == (status == 0), "\(place)")
        }
        #expect(scene.exists("out/stranger"))
    }

    /// What starts a command that is held to the modes of files though the superuser starts it.
    private static let withoutPrivileges = [
        "setpriv", "--bounding-set", "-dac_override,-dac_read_search",
    ]

    @Test func aRerunChangesNothing() throws {
        let scene = try scene(line("03-20", "anna@a.example") + line("02-20", "bert@b.example"))
        try run(scene)
        let first = try scene.tree("out")
        #expect(first.count == 3)
        let again = try run(scene)
        #expect(text(again.output).contains(#""known":true"#))
        #expect(try scene.tree("out") == first)
    }

    @Test func aRenamedOrCompressedCopyIsKnown() throws {
        let content = line("03-20", "anna@a.example") + line("02-20", "bert@b.example")
        let scene = try scene(content)
        try run(scene)
        let first = try scene.tree("out")
        try scene.write("in/copy.jsonl", content)
        try scene.write("in/b.gz", gzip(bytes(content)))
        try scene.remove("in/a.jsonl")
        try run(scene)
        #expect(try scene.tree("out") == first)
    }

    @Test func aGrownFileIsTakenFromWhereItStood() throws {
        let scene = try scene(line("03-20", "anna@a.example"))
        try run(scene)
        let before = try scene.tree("out")
        try scene.write(
            "in/a.jsonl",
            line("03-20", "anna@a.example") + line("03-20", "bert@b.example")
        )
        let outcome = try run(scene)
        #expect(text(outcome.output).contains(#""read":1"#))
        let after = try scene.tree("out")
        for (name, content) in before where name.hasSuffix(".jsonl") {
            #expect(after[name] == content)
        }
        #expect(try records(scene).count == 2)
    }

    @Test func lateDataAddsAPart() throws {
        let scene = try scene(line("03-20", "anna@a.example"))
        try run(scene)
        let before = try scene.tree("out").filter { $0.key.hasSuffix(".jsonl") }
        try scene.write("in/late.jsonl", line("03-20", "bert@b.example"))
        try run(scene)
        let after = try scene.tree("out").filter { $0.key.hasSuffix(".jsonl") }
        #expect(after.count == 2 && before.count == 1)
        for (name, content) in before { #expect(after[name] == content) }
    }

    /// What ages later has the bytes that a run of that later day would have written at once.
    @Test func ageingGivesWhatALateRunGives() throws {
        var maker = EventMaker(seed: 91)
        let events = maker.events(600).filter { event in
            let day = event.time.prefix(10)
            return day.utf8.lexicographicallyPrecedes("2026-03-15".utf8)
                && "2026-01-10".utf8.lexicographicallyPrecedes(day.utf8)
        }
        let aged = try scene(events.map { $0.json + "\n" }.joined())
        try run(aged, "2026-03-15")
        let early = try records(aged)
        let late = try Scene()
        try late.write("p.yaml", aged.read("p.yaml"))
        try late.write("in/a.jsonl", aged.read("in/a.jsonl"))
        for (name, content) in try aged.tree("keys") { try late.write("keys/\(name)", content) }
        for now in ["2026-03-25", "2026-04-05"] { try run(aged, now) }
        try run(late, "2026-04-05")
        let found = try records(aged)
        #expect(found == (try records(late)))
        #expect(found != early)
        // Records in the window (from 5 March on) are readable, all others are not.
        for record in found {
            let isYoung = ["05", "06", "07", "08", "09", "10", "11", "12", "13", "14"].contains {
                record.contains("2026-03-\($0)")
            }
            #expect(record.contains("@firma") == isYoung)
            #expect(record.contains("NL-1") == isYoung)
        }
        #expect(try aged.tree("out")["months.csv"] == late.tree("out")["months.csv"])
    }

    @Test func onlyWhatBecameDueChanges() throws {
        let scene = try scene(line("03-10", "anna@a.example") + line("03-25", "bert@b.example"))
        try run(scene, "2026-03-26")
        let before = try scene.tree("out")
        try run(scene, "2026-04-15")
        let after = try scene.tree("out")
        let young = before.filter { $0.key.hasPrefix("2026-03-25") }
        #expect(young.count == 1)
        for (name, content) in young { #expect(after[name] == content) }
        #expect(!text(after.values.flatMap { $0 }).contains("anna"))
        #expect(text(before.values.flatMap { $0 }).contains("anna"))
        #expect(text(after.values.flatMap { $0 }).contains("bert"))
    }

    @Test func expiredFilesAreDeleted() throws {
        let scene = try scene(line("01-10", "anna@a.example") + line("03-25", "bert@b.example"))
        try run(scene, "2026-04-01")
        #expect(try records(scene).count == 2)
        try run(scene, "2026-04-12")
        #expect(try scene.tree("out").keys.filter { $0.hasPrefix("2026-01-10") }.isEmpty)
        #expect(try records(scene).count == 1)
    }

    @Test func aDryRunWritesNothing() throws {
        let scene = try scene(line("03-20", "anna@a.example"))
        try run(scene)
        try scene.write("in/b.jsonl", line("03-21", "bert@b.example"))
        let before = try scene.tree()
        let dry = try run(scene, "2026-05-15", ["--dry-run"])
        #expect(text(dry.output).contains(#""dry_run":true"#))
        #expect(try scene.tree() == before)
        // The first look at a state that is not there yet makes an empty ledger and its lock.
        let bare = try self.scene(line("03-20", "anna@a.example"))
        let untouched = try bare.tree()
        try run(bare, "2026-04-15", ["--dry-run"])
        let found = try bare.tree().filter { !$0.key.hasPrefix("state/") }
        #expect(found == untouched)
    }

    @Test func twoFilesGiveTheTablesOfOne() throws {
        var maker = EventMaker(seed: 92)
        let whole = maker.jsonLines(300)
        let one = try scene(text(whole))
        try run(one)
        let parts = try Scene()
        try parts.write("p.yaml", Pipeline.stateful)
        for (name, content) in try one.tree("keys") { try parts.write("keys/\(name)", content) }
        for (index, piece) in linePieces(whole, 6).enumerated() {
            try parts.write("in/\(index).jsonl", piece)
            try run(parts)
        }
        #expect(try parts.tree("out")["months.csv"] == one.tree("out")["months.csv"])
        #expect(try records(parts).sorted() == records(one).sorted())
    }

    @Test func standardInputNeedsAPromiseThatItIsWhole() throws {
        let scene = try scene("")
        let content = bytes(line("03-20", "anna@a.example"))
        let flags = ["run", "p.yaml", "-", "--now", "2026-04-15"]
        #expect(try sluice(flags, in: scene, feed: .bytes(content)).status == 2)
        let short = try sluice(
            flags + ["--expect-bytes", "\(content.count + 1)"],
            in: scene,
            feed: .bytes(content)
        )
        #expect(short.status == 4, "\(short.errors)")
        #expect(try scene.tree("out").isEmpty)
        let whole = try sluice(
            flags + ["--expect-bytes", "\(content.count)"],
            in: scene,
            feed: .bytes(content)
        )
        #expect(whole.status == 0, "\(whole.errors)")
        #expect(try records(scene).count == 1)
        #expect(!scene.exists("state/spool"))
    }
}
