import Glibc
import TestSupport
import Testing

/// Standard output or error that is closed, or can take nothing: the exit status says what became
/// of the work, and no file gets what was meant for a stream because it had its number.
@Suite("streams that take nothing") struct BrokenStreamTests {
    /// Words of a shell, and which streams they spoil.
    struct Redirection: CustomTestStringConvertible, Sendable {
        let words: String
        var testDescription: String { words }
        var takesOutput: Bool { !words.split(separator: " ").contains { $0.hasPrefix(">") } }
        var takesErrors: Bool { !words.contains("2>") }

        init(_ words: String) { self.words = words }
    }

    private static let closed = ["2>&-", ">&-", ">&- 2>&-", "<&- >&- 2>&-"].map(Redirection.init)
    private static let full = ["2>/dev/full", ">/dev/full", ">/dev/full 2>/dev/full"]
        .map(Redirection.init)

    @Test(arguments: closed) func closedOnes(_ redirection: Redirection) throws {
        try check(redirection)
    }

    @Test(
        .enabled(if: try Want.fullDevice.isMet(unsafe access("/dev/full", W_OK) == 0)),
        arguments: full)
    func fullOnes(_ redirection: Redirection) throws { try check(redirection) }

    private static let run = ["run", "p.yaml", "--now", "2026-04-15", "--verbose"]
    private static let filter = [
        "filter", "--format", "jsonl", "--time", "ts", "--set", "ts=keep", "--keep-others",
        "--user", "drop", "--set", "path=drop", "--verbose",
    ]

    /// With state, and the same results each time.
    private static let pipeline = Pipeline.stateful
        .replacing("pseudonymize", with: "drop")

    private func scene() throws -> Scene {
        let scene = try Scene()
        try scene.write("p.yaml", Self.pipeline)
        var maker = EventMaker(seed: 98)
        try scene.write("in/a.jsonl", maker.jsonLines(200))
        return scene
    }

    private func check(_ redirection: Redirection) throws {
        let plain = try scene()
        let undisturbed = try sluice(Self.run, in: plain)
        #expect(undisturbed.status == 0 && !undisturbed.errors.isEmpty)
        let results = try plain.tree("out")
        #expect(results.count > 1)
        let shell = ["/bin/sh", "-c", "exec \"$0\" \"$@\" \(redirection.words)"]

        // Nothing but the report goes to the streams, and it is written when the run is done.
        for words in [[], ["--json"]] {
            let scene = try scene()
            let outcome = try sluice(Self.run + words, in: scene, through: shell)
            let isTold = words.isEmpty || redirection.takesOutput
            #expect(outcome.status == (isTold ? 0 : 6), "\(words): \(outcome.errors)")
            #expect(outcome.errors.isEmpty != redirection.takesErrors)
            #expect(outcome.output.isEmpty != (redirection.takesOutput && !words.isEmpty))
            #expect(try scene.tree("out") == results)
            let verified = try sluice(["verify", "p.yaml", "--now", "2026-04-15"], in: scene)
            #expect(verified.status == 0, "\(text(verified.output))\(verified.errors)")
        }

        // Its records go to standard output.
        if redirection.words.contains("<") { return }
        let records = Feed.bytes(try plain.read("in/a.jsonl"))
        let expected = try sluice(Self.filter, in: plain, feed: records)
        #expect(expected.status == 0 && !expected.output.isEmpty && !expected.errors.isEmpty)
        let outcome = try sluice(Self.filter, in: plain, through: shell, feed: records)
        #expect(outcome.status == (redirection.takesOutput ? 0 : 6), "\(outcome.errors)")
        #expect(outcome.output == (redirection.takesOutput ? expected.output : []))
        #expect(outcome.errors.isEmpty != redirection.takesErrors)
        if redirection.takesErrors, !redirection.takesOutput {
            #expect(outcome.errors.hasPrefix("sluice: cannot write standard output: "))
        }
    }
}
