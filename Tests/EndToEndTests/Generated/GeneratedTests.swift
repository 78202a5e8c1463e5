import FileSystem
import Foundation
import Pipelines
import PlainTwins
import TestSupport
import Testing

/// Pipelines and logs made at random, against a slow and plain model; the same events in four
/// formats, in other pieces, under other names, in another order.
///
/// What fails is reduced to the lines, the opt-outs and the rules that matter, and printed with its
/// seed. `SLUICE_LONG_MODELS=5000 swift test --filter GeneratedTests` makes so many, and
/// `SLUICE_LONG_MODELS=5000,10000` so many others: from the ten thousandth on.
@Suite("generated pipelines against a plain model")
struct GeneratedTests {
    private static let asked = Result {
        try numbers(Asked(variable, form: form))
    }

    /// The numbers of the cases that `words` ask for.
    private static func numbers(_ asked: Asked) throws -> Range<UInt64> {
        guard asked.isMade else { return 0..<40 }
        let read = try asked.list(Asked.number)
        guard read.count < 3, read.allSatisfy({ $0 <= UInt32.max }), read[0] > 0 else {
            throw asked.oddWords
        }
        let first = read.dropFirst().first ?? 0
        return first..<(first + read[0])
    }

    private static let variable = "SLUICE_LONG_MODELS"
    private static let form = "COUNT or COUNT,FIRST as 5000,10000"

    private static func numbers(_ words: String?) throws -> Range<UInt64> {
        try numbers(Asked(variable, form: form, words: words))
    }

    @Test func casesAreAskedFor() throws {
        #expect(try Self.numbers(nil) == 0..<40)
        #expect(try Self.numbers("5000") == 0..<5000)
        #expect(try Self.numbers("5000,10000") == 10_000..<15_000)
    }

    @Test(arguments: [
        "", "many", "5000,", ",5000", "0", "0,5", "-1", "+5", "1.5", " 5", "5, 6", "5,6,7", "5 6",
        "4294967296", "5,4294967296",
    ]) func oddWordsAreRefused(_ words: String) {
        let fault = #expect(throws: Asked.OddWords.self) { try Self.numbers(words) }
        #expect(fault?.description.hasPrefix("SLUICE_LONG_MODELS is \"\(words)\"") == true)
    }

    @Test(arguments: GeneratedCase.Form.allCases) func theModelSaysTheSame(
        _ form: GeneratedCase.Form
    ) throws {
        for seed in try Self.asked.get() {
            let given = GeneratedCase(seed: 0x9e4e + seed).fitted(to: form)
            try Self.report(given, 0x9e4e + seed, form) { try Self.difference($0, form) }
        }
    }

    /// Statistics do not depend on the format or on the order of files, nothing on pieces, names
    /// and packing.
    @Test func whatChangesNothing() throws {
        let numbers = try Self.asked.get()
        for seed in numbers.prefix(max(8, numbers.count / 6)) {
            let given = GeneratedCase(seed: 0x5a3e + seed)
            try Self.report(given, 0x5a3e + seed, .jsonl) { try Self.change($0, seed) }
        }
    }

    /// Records what `find` finds in as small a case as still has something.
    private static func report(
        _ given: GeneratedCase, _ seed: UInt64, _ form: GeneratedCase.Form,
        _ find: (GeneratedCase) throws -> String?
    ) throws {
        guard let difference = try find(given) else { return }
        let fewest = reduced(given) { (try? find($0)) ?? nil != nil }
        let left = try find(fewest) ?? difference
        Issue.record(
            """
            seed \(seed), \(form): \(left)
            \(fewest.pipeline(form))\(fewest.optOutList)
            \(fewest.lines(form).joined(separator: "\n"))
            """)
    }

    /// What is another in another format, in pieces, or in pieces in another order; in words.
    private static func change(_ given: GeneratedCase, _ seed: UInt64) throws -> String? {
        // One scene has one store of keys, and so the same tokens.
        let scene = try Scene(inMemory: true)
        let json = try run(given, .jsonl, in: scene)
        for form in [GeneratedCase.Form.csv, .access] {
            let table = try run(given, form)["table.csv"]
            if table != json["table.csv"] { return "\(form) has another table" }
        }
        let fitted = given.fitted(to: .combined)
        let rows = try [GeneratedCase.Form.jsonl, .combined].map { form in
            lines(try run(fitted, form)["table.csv"] ?? []).dropFirst()
        }
        if rows[0] != rows[1] { return "combined has another table" }
        let pieces = Int(2 + seed % 5)
        let cut = try run(given, .jsonl, in: scene, pieces: pieces, packs: seed % 2 == 0)
        if json != cut { return "it is another in \(pieces) pieces" }
        let mixed = try run(given, .jsonl, in: scene, pieces: pieces, mixedBy: seed)
        for (name, file) in json {
            let isAlike = name == "table.csv"
                ? file == mixed[name] : lines(file).sorted() == lines(mixed[name] ?? []).sorted()
            if !isAlike { return "\(name) is another with its \(pieces) pieces in another order" }
        }
        return nil
    }

    private static func lines(_ file: [UInt8]) -> [String] {
        text(file).split(separator: "\n").map(String.init)
    }

    @Test func aFailureIsReduced() {
        var given = GeneratedCase(seed: 1)
        given.optOuts = []
        let asked = given.events[40].members[1].text
        let fewest = Self.reduced(given) { one in
            one.events.contains { $0.members[1].text == asked }
        }
        #expect(fewest.events.count == 1 && fewest.rules.count == 4)
    }

    @Test func aTextIsReducedToWords() {
        let fewest = Self.reduced(GeneratedCase(seed: 1)) { one in
            one.events.contains { $0.members.contains { $0.text.contains("@firma") } }
                && one.rule("text") != nil
        }
        let event = fewest.events[0].members
        let texts = event.filter { ["mail", "text", "user"].contains($0.name) }
        #expect(fewest.events.count == 1 && fewest.rules.count == 5)
        #expect(!texts.isEmpty && event.first { $0.name == "text" }?.text.contains(" ") != true)
    }

    /// The lines of `combined` are what its twin takes for such, and nothing else.
    @Test func linesAreOfTheFormat() {
        for seed in UInt64(0)..<20 {
            let given = GeneratedCase(seed: seed).fitted(to: .combined)
            for (event, line) in zip(given.events, given.lines(.combined)) {
                #expect((CombinedTwin.values(of: bytes(line)) == nil) == event.isBroken, "\(line)")
            }
        }
    }

    // MARK: One case

    /// The first thing that is not as the model says, in words.
    private static func difference(
        _ given: GeneratedCase, _ form: GeneratedCase.Form
    ) throws -> String? {
        let found = try run(given, form)
        let model = PlainModel(given: given)
        var tokens = TokenMatch()
        for (name, isShown) in [("shown", true), ("due", false)] {
            let header = form == .csv ? [model.columns.joined(separator: ",")] : []
            let wanted = header + model.records(isShown: isShown, form).map {
                GeneratedCase.line($0, form, model.columns)
            }
            if let words = firstDifference(lines(found[name] ?? []), wanted, &tokens) {
                return "\(name): \(words)"
            }
        }
        let table = lines(bytes(model.table(form)))
        return firstDifference(lines(found["table.csv"] ?? []), table, &tokens)
            .map { "table: \($0)" }
    }

    private static func firstDifference(
        _ found: [String], _ expected: [String], _ tokens: inout TokenMatch
    ) -> String? {
        for index in 0..<max(found.count, expected.count) {
            let (one, other) = (
                index < found.count ? found[index] : "nothing",
                index < expected.count ? expected[index] : "nothing"
            )
            if !tokens.matches(one, other) {
                return "line \(index + 1) is \(one), expected \(other)"
            }
        }
        return nil
    }

    private static func run(
        _ given: GeneratedCase, _ form: GeneratedCase.Form, in known: Scene? = nil,
        pieces: Int = 1, packs: Bool = false, mixedBy seed: UInt64? = nil
    ) throws -> [String: [UInt8]] {
        let scene = try known ?? Scene(inMemory: true)
        for folder in ["in", "out"] where scene.exists(folder) { try scene.remove(folder) }
        try scene.write("p.yaml", given.pipeline(form))
        try scene.write("static.key", PlainModel.key)
        try scene.write("opt-outs.csv", given.optOutList)
        let log = bytes(given.lines(form).map { $0 + "\n" }.joined())
        var parts = linePieces(log, pieces)
        if let seed {
            var random = SeededGenerator(seed: seed)
            parts.shuffle(using: &random)
        }
        for (index, piece) in parts.enumerated() {
            try scene.write("in/\(index)-of-\(pieces)", packs ? gzip(piece) : piece)
        }
        var request = RunRequest(pipeline: "\(scene.path)/p.yaml")
        request.now = given.now.text
        request.workers = 1 + pieces % 3
        _ = try Sluice.run(request, observer: nil)
        return try scene.tree("out")
    }

    // MARK: Reduction

    private static func reduced(
        _ given: GeneratedCase, _ fails: (GeneratedCase) -> Bool
    ) -> GeneratedCase {
        var fewest = given
        fewest.events = shrunk(given.events, attempts: 200) { events in
            var one = fewest
            one.events = events
            return fails(one)
        }
        fewest.optOuts = shrunk(fewest.optOuts, attempts: 20) { optOuts in
            var one = fewest
            one.optOuts = optOuts
            return fails(one)
        }
        let needed = ["ts", "customer", "user", "action"]
        let spare = fewest.rules.filter { !needed.contains($0.field) }
        let kept = shrunk(spare, attempts: 40) { rules in
            var one = fewest
            one.rules = fewest.rules.filter { needed.contains($0.field) } + rules
            return fails(one)
        }
        fewest.rules = fewest.rules.filter { needed.contains($0.field) } + kept
        for index in fewest.events.indices { shorten(&fewest, index, fails) }
        return fewest
    }

    /// Leaves words of the text out.
    private static func shorten(
        _ fewest: inout GeneratedCase, _ index: Int, _ fails: (GeneratedCase) -> Bool
    ) {
        let event = fewest.events[index]
        guard let place = event.members.firstIndex(where: { $0.name == "text" }) else { return }
        func with(_ words: [Substring]) -> GeneratedCase {
            var one = fewest
            one.events[index].members[place].text = words.joined(separator: " ")
            return one
        }
        let words = event.members[place].text.split(separator: " ")
        fewest = with(shrunk(words, attempts: 40) { !$0.isEmpty && fails(with($0)) })
    }
}
