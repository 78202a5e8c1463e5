import Anonymization
import FileSystem
import Records
import Testing

@testable import Pipelines

@Suite("Holds")
struct HoldTests {
    private static let anna = logLine("2026-04-10")
    private static let bob = logLine("2026-04-10", user: "bob", customer: "c2", ip: "198.51.100.9")
    private static let agedBob = #"{"ts":"2026-04-10T10:00:00Z","ip":"198.51.0.0","n":"1"}"#
    private static let agedAnna = #"{"ts":"2026-04-10T10:00:00Z","ip":"192.0.0.0","n":"1"}"#

    private func filled() throws -> RegistryStore {
        let store = try RegistryStore()
        try store.pipeline()
        try store.source("1", [Self.anna, Self.bob])
        try store.run("2026-04-15")
        #expect(try store.lines("log") == [Self.anna, Self.bob].sorted())
        return store
    }

    @Test("what is held stays while the rest of the part ages, and is aged out after the release")
    func life() throws {
        let store = try filled()
        try store.hold("case", now: "2026-04-16") { $0.users = ["anna"] }
        let report = try store.run("2026-05-20")
        #expect(report.heldRecords == 1)
        #expect(report.bindingHolds == ["case"])
        #expect(try store.lines("log") == [Self.anna, Self.agedBob].sorted())
        // Nothing changes any more while it binds.
        let names = try store.names("out")
        try store.run("2026-06-20")
        #expect(try store.names("out") == names)
        #expect(try store.lines("log") == [Self.anna, Self.agedBob].sorted())
        try store.release("case", now: "2026-06-21")
        try store.run("2026-06-21")
        #expect(try store.lines("log") == [Self.agedAnna, Self.agedBob].sorted())
    }

    @Test("of several holds the last to end, by itself or released, lets go", arguments: [1, 2])
    func lastOf(_ count: Int) throws {
        let store = try filled()
        try store.hold("one", now: "2026-04-16") {
            $0.customers = ["c1"]
            $0.end = "2026-06-01"
        }
        if count == 2 {
            try store.hold("two", now: "2026-04-16") { $0.addresses = ["192.0.2.0/24"] }
        }
        for (day, isHeld) in [
            ("2026-05-31", true), ("2026-06-01", count == 2), ("2026-06-02", false),
        ] {
            if count == 2, !isHeld { try store.release("two", now: day) }
            try store.run(day)
            let first = isHeld ? Self.anna : Self.agedAnna
            #expect(try store.lines("log") == [first, Self.agedBob].sorted(), "\(day)")
        }
    }

    @Test("a period binds everybody's records of that time, and nobody else's")
    func period() throws {
        let store = try RegistryStore()
        try store.pipeline()
        let other = logLine("2026-04-12", user: "carl")
        try store.source("1", [Self.anna, other])
        try store.run("2026-04-15")
        try store.hold("days", now: "2026-04-16") {
            $0.from = "2026-04-10"
            $0.until = "2026-04-11"
        }
        try store.run("2026-05-20")
        #expect(try store.lines("log").contains(Self.anna))
        #expect(try !store.lines("log").contains(other))
    }

    @Test("an expired part is reduced to what is held, and goes after the release")
    func expiry() throws {
        let store = try filled()
        try store.hold("case", now: "2026-04-16") { $0.users = ["anna"] }
        let report = try store.run("2026-12-01")
        #expect(report.heldParts == 1)
        #expect(try store.lines("log") == [Self.anna])
        try store.run("2026-12-02")
        #expect(try store.lines("log") == [Self.anna])
        try store.release("case", now: "2026-12-03")
        try store.run("2026-12-03")
        #expect(try store.lines("log") == [])
    }

    @Test("a new output is transformed as usual, unless the hold names it")
    func newOutputs() throws {
        for isNamed in [false, true] {
            let store = try RegistryStore()
            try store.pipeline()
            try store.hold("case", now: "2026-04-16") {
                $0.users = ["anna"]
                $0.outputs = isNamed ? ["log"] : []
            }
            try store.source("1", [Self.anna, Self.bob])
            let report = try store.run("2026-05-20")
            #expect(report.totals.outputs[0].held == (isNamed ? 1 : 0))
            let first = isNamed ? Self.anna : Self.agedAnna
            #expect(try store.lines("log") == [first, Self.agedBob].sorted())
            #expect(try store.lines("use").allSatisfy { !$0.contains("anna") })
            try store.release("case", now: "2026-05-21")
            try store.run("2026-05-21")
            #expect(try store.lines("log") == [Self.agedAnna, Self.agedBob].sorted())
        }
    }

    @Test("a hold that does not bind yet holds nothing; the law needs a citation, we a notice")
    func waiting() throws {
        let store = try filled()
        try store.hold("later", now: "2026-04-16") {
            $0.users = ["anna"]
            $0.ground = .ownDecision(notice: "2026-06-01")
            $0.start = "2026-07-01"
        }
        #expect(try Sluice.listHolds(pipeline: store.file, now: "2026-05-01")[0].state == .waiting)
        try store.run("2026-05-20")
        #expect(try store.lines("log") == [Self.agedAnna, Self.agedBob].sorted())
    }

    @Test("what could not bind is refused, and the flag is named", arguments: [
        ("own", "--start:"), ("nobody", "expected whom"), ("empty", "--user:"),
        ("network", "--addresses:"), ("output", "--output:"), ("end", "--end:"),
        ("early", "--end:"), ("twice", "--name:"), ("until", "--until:"), ("words", "--start:"),
    ])
    func refused(_ what: String, _ word: String) throws {
        let store = try filled()
        try store.hold("known", now: "2026-04-16") { $0.users = ["anna"] }
        let name = what == "twice" ? "known" : "new"
        let failure = #expect(throws: PipelineFailure.self) {
            try store.hold(name, now: "2026-04-16") { request in
                request.users = ["anna"]
                switch what {
                case "own": request.ground = .ownDecision(notice: "2026-04-17")
                case "nobody": request.users = []
                case "empty": request.users = [" "]
                case "network": request.addresses = ["192.0.2.1/24"]
                case "output": request.outputs = ["use"]
                case "end": request.end = "2026-04-16"
                case "early":
                    request.start = "2026-04-20"
                    request.end = "2026-04-19"
                case "words": request.start = "soon"
                case "until":
                    request.from = "2026-04-02"
                    request.until = "2026-04-02"
                default: break
                }
            }
        }
        guard case .usage(let sentence)? = failure else {
            Issue.record("expected a fault of usage")
            return
        }
        #expect(sentence.hasPrefix(word), "\(sentence)")
        #expect(try Sluice.listHolds(pipeline: store.file, now: nil).count == 1)
    }

    @Test("a hold may begin at its notice, and binds all that it names")
    func subjects() throws {
        let store = try filled()
        let listing = try store.hold("case", now: "2026-04-16") {
            $0.ground = .ownDecision(notice: "2026-04-16")
            $0.customers = ["c1"]
            $0.users = ["anna"]
            $0.addresses = [
                "192.0.2.7", "192.0.2.0/24", "::ffff:192.0.2.7", "2001:DB8:0::7", "2001:db8::/32",
                "192.0.2.8/32", "64:ff9b::192.0.2.7",
            ]
        }
        #expect(listing.subjects.prefix(2).map(\.kind) == ["customer", "user"])
        #expect(
            listing.subjects.dropFirst(2).map(\.value) == [
                "192.0.2.7/32", "192.0.2.0/24", "192.0.2.7/32", "2001:db8::7/128",
                "2001:db8::/32", "192.0.2.8/32", "192.0.2.7/32",
            ])
    }

    @Test("neither the ledger nor the list holds the identifier")
    func noNames() throws {
        let store = try filled()
        let listing = try store.hold("case", now: "2026-04-16") { $0.users = ["anna"] }
        #expect(listing.subjects.map(\.kind) == ["user"])
        #expect(listing.subjects[0].value?.utf8.count == 64)
        let ledger = try Directory.open("\(store.path)/state")
            .content(of: "ledger.sqlite", limitBytes: 1 << 24)
        #expect(!ledger.contains(sequence: Array("anna".utf8)))
    }

    @Test("a lost registry key is a fault, never an empty registry")
    func lostKey() throws {
        let store = try filled()
        try store.hold("case", now: "2026-04-16") { $0.users = ["anna"] }
        _ = try Directory.open("\(store.path)/state").remove("registry.key")
        let failure = #expect(throws: PipelineFailure.self) { try store.run("2026-05-20") }
        #expect(failure?.exitStatus == ExitStatus.keys)
        #expect(throws: PipelineFailure.self) {
            try store.hold("other", now: "2026-04-16") { $0.users = ["bob"] }
        }
    }

    @Test("a file of holds is imported; a line that vanished releases nothing")
    func file() throws {
        let store = try RegistryStore()
        try store.pipeline("holds: holds.yaml")
        try store.source("1", [Self.anna, Self.bob])
        try store.write(
            "holds.yaml",
            """
            holds:
              - name: case
                ground: own-decision
                notice: 2026-04-01
                start: 2026-04-02
                reason: inquiry
                by: legal
                user: anna

            """)
        #expect(try store.run("2026-04-15").notes.contains { $0.contains("was raised") })
        #expect(try store.run("2026-04-16").notes.allSatisfy { !$0.contains("hold") })
        try store.write("holds.yaml", "holds: []\n")
        let report = try store.run("2026-05-20")
        #expect(report.notes.contains { $0.contains("does not stand in the file") })
        #expect(try store.lines("log") == [Self.anna, Self.agedBob].sorted())
        try store.write(
            "holds.yaml",
            """
            holds:
              - { name: case, ground: law, citation: x, start: 2026-04-02, reason: inquiry,
                  by: legal, user: [anna] }

            """)
        #expect(throws: PipelineFailure.self) { try store.run("2026-05-21") }
    }

    @Test("the file of holds has the words of the flags, and the shipped one shows them")
    func words() throws {
        let faults = Faults()
        let context = DecodingContext(faults: faults, known: KnownNames())
        let sample = try Shipped.text("samples/holds.yaml")
        let holds = try #require(HoldFile.read(Array(sample.utf8), pipeline: "p", context))
        #expect(holds.map(\.name) == ["case-17", "abuse"])
        #expect(holds[0].users == ["anna@one.example"] && holds[0].from == "2026-03-01")
        #expect(holds[1].addresses == ["192.0.2.0/24"] && holds[1].outputs == ["security-log"])
        let words = PipelineReference.hold.keys.map(\.name)
        #expect(context.asked["holds[]"]?.sorted() == words.sorted())
        #expect(words.filter { !sample.contains("\($0): ") } == [])
        let plural = sample.replacing("user: ", with: "users: ")
        #expect(HoldFile.read(Array(plural.utf8), pipeline: "p", faults: faults) == nil)
        #expect(faults.sorted.map(\.suggestion) == ["user"])
    }

    @Test("every word of the file of holds counts, and its faults name the hold")
    func allWords() throws {
        func read(_ text: String) -> (holds: [HoldRequest]?, faults: [SettingFault]) {
            let faults = Faults()
            let holds = HoldFile.read(Array(text.utf8), pipeline: "p", faults: faults)
            return (holds, faults.sorted)
        }
        let start = "holds: [{ name: a, ground: law, citation: Act 1, reason: r, by: b, "
            + "start: 2026-01-02"
        let all = "customer: c1, user: u1, addresses: 192.0.2.0/24, output: log, "
            + "from: 2026-01-03, until: 2026-01-04, end: 2026-01-05 }]\n"
        let hold = try #require(read("\(start), \(all)").holds?.first)
        #expect(hold.ground == .law(citation: "Act 1"))
        #expect([hold.customers, hold.users, hold.outputs] == [["c1"], ["u1"], ["log"]])
        #expect(hold.addresses == ["192.0.2.0/24"])
        #expect(
            [hold.start, hold.from, hold.until, hold.end]
                == ["2026-01-02", "2026-01-03", "2026-01-04", "2026-01-05"])
        let unknown = read("\(start), \(all)hold: []\n")
        #expect(unknown.holds == nil && unknown.faults.count == 1)
        let bare = read(
            "holds: [{ name: a, reason: r, by: b, start: 2026-01-02, user: u1, citation: Act 1, "
                + "notice: 2026-01-01 }]\n")
        #expect(bare.holds == nil)
        #expect(bare.faults.map(\.path) == ["holds[1]"])
    }

    @Test("a dry run says which holds of the file it would raise, and raises none")
    func dryFile() throws {
        let store = try RegistryStore()
        try store.pipeline("holds: holds.yaml")
        try store.source("1", [Self.anna])
        try store.write("holds.yaml", "holds: []\n")
        try store.run("2026-04-14")
        try store.write(
            "holds.yaml",
            "holds: [{ name: case, ground: law, citation: x, start: 2026-04-02, reason: inquiry, "
                + "by: legal, user: anna }]\n")
        for isRaised in [false, true] {
            if isRaised { try store.run("2026-04-15") }
            let notes = try store.run("2026-04-15", dry: true).notes
            #expect(notes.contains("the hold case would be raised") == !isRaised)
            let holds = try Sluice.listHolds(pipeline: store.file, now: "2026-04-15")
            #expect(holds.count == (isRaised ? 1 : 0))
        }
    }

    @Test("whom no field names, no hold can bind")
    func namedByNoField() throws {
        let scene = try TemporaryPipeline(
            """
            name: bare
            source: { format: jsonl, files: "in/*", time: ts }
            fields: { ts: keep, n: drop }
            outputs: [{ name: o, purpose: statistics, path: "out/{date}.jsonl" }]
            state: state

            """)
        for flag in ["--customer", "--user", "--addresses"] {
            var request = HoldRequest(
                pipeline: "\(scene.folder)/pipeline.yaml", name: "case",
                ground: .law(citation: "Act 1"), reason: "inquiry", by: "legal")
            request.now = "2026-04-15"
            if flag == "--customer" { request.customers = ["c1"] }
            if flag == "--user" { request.users = ["anna"] }
            if flag == "--addresses" { request.addresses = ["192.0.2.0/24"] }
            do {
                _ = try Sluice.raiseHold(request)
                Issue.record("expected a refusal of \(flag)")
            } catch {
                guard case .usage(let sentence) = error else { throw error }
                #expect(sentence.hasPrefix(flag))
            }
        }
    }

    @Test("what a hold of the file lacks is said of it, and of the file")
    func faultsOfTheFile() throws {
        let store = try RegistryStore()
        try store.pipeline("holds: holds.yaml")
        try store.write(
            "holds.yaml",
            "holds: [{ name: case, ground: law, citation: x, start: 2026-04-02, reason: inquiry, "
                + "by: legal, user: \" \" }]\n")
        let failure = #expect(throws: PipelineFailure.self) { try store.run("2026-04-15") }
        guard case .faults(let faults, let file)? = failure else {
            Issue.record("expected faults of the file")
            return
        }
        #expect(file == "\(store.path)/holds.yaml")
        #expect(faults.map { $0.message.hasPrefix("the hold case: --user:") } == [true])
    }

    @Test("no more outputs can stay readable than there are bits for")
    func manyOutputs() throws {
        let outputs = (0...64).map { number in
            """
              - { name: o\(number), purpose: security, path: "out/\(number)/{date}.jsonl",
                  recipients: [own], safeguards: { reason: abuse, readers: [soc],
                  delete_after: P1M } }

            """
        }
        let scene = try TemporaryPipeline(
            """
            name: many
            source: { format: jsonl, files: "in/*", time: ts }
            identity: { user: user }
            window: P1M
            fields: { ts: keep, user: drop }
            state: state
            outputs:
            \(outputs.joined())
            """)
        for (output, isRefused) in [("o64", true), ("o63", false)] as [(String, Bool)] {
            var request = HoldRequest(
                pipeline: "\(scene.folder)/pipeline.yaml", name: output,
                ground: .law(citation: "Act 1"), reason: "inquiry", by: "legal")
            request.now = "2026-04-15"
            request.users = ["anna"]
            request.outputs = [output]
            if isRefused {
                let failure = #expect(throws: PipelineFailure.self) {
                    try Sluice.raiseHold(request)
                }
                #expect(failure?.exitStatus == ExitStatus.usage)
            } else {
                let listing = try Sluice.raiseHold(request)
                #expect(listing.outputs == [output])
            }
        }
    }

    @Test("to look for holds, or to release one that is not there, makes no state")
    func noState() throws {
        let store = try RegistryStore()
        try store.pipeline()
        #expect(try Sluice.listHolds(pipeline: store.file, now: "2026-04-15").isEmpty)
        #expect(throws: PipelineFailure.self) { try store.release("case", now: "2026-04-15") }
        #expect((try? FileStatus.of("\(store.path)/state")) == nil)
    }

    @Test("a hold is listed as what it is, from its first instant to its last")
    func states() throws {
        let store = try filled()
        try store.hold("case", now: "2026-04-16") {
            $0.users = ["anna"]
            $0.start = "2026-05-01"
            $0.end = "2026-06-01"
        }
        func state(_ now: String) throws -> HoldListing.State? {
            try Sluice.listHolds(pipeline: store.file, now: now).first?.state
        }
        #expect(try state("2026-04-30T23:59:59Z") == .waiting)
        #expect(try state("2026-05-01") == .binding)
        #expect(try state("2026-05-31T23:59:59Z") == .binding)
        #expect(try state("2026-06-01") == .ended)
        #expect(throws: PipelineFailure.self) {
            try Sluice.releaseHold(
                pipeline: store.file, name: "case", by: "", now: "2026-05-02")
        }
        #expect(try state("2026-05-02") == .binding)
        try store.release("case", now: "2026-05-02")
        #expect(try state("2026-05-02") == .released)
        let again = #expect(throws: PipelineFailure.self) {
            try store.release("case", now: "2026-05-03")
        }
        #expect(again?.exitStatus == ExitStatus.usage)
    }

    @Test("a dry run shows what a hold keeps and changes nothing")
    func dryRun() throws {
        let store = try filled()
        try store.hold("case", now: "2026-04-16") { $0.users = ["anna"] }
        let report = try store.run("2026-05-20", dry: true)
        #expect(report.heldRecords == 1)
        #expect(report.agedRecords == 1)
        #expect(try store.lines("log") == [Self.anna, Self.bob].sorted())
    }
}

extension [UInt8] {
    fileprivate func contains(sequence: [UInt8]) -> Bool {
        indices.contains { self[$0...].starts(with: sequence) }
    }
}
