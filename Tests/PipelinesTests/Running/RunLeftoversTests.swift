import FileSystem
import Glibc
import Testing

@testable import Pipelines

@Suite struct RunLeftoversTests {
    private let run = "0123456789abcdef"

    private let pipeline = """
        name: left
        source: { format: jsonl, files: "in.jsonl", time: ts }
        identity: { user: user, partner: partner }
        fields: { ts: keep, user: drop, partner: drop }
        outputs:
          - { name: all, purpose: statistics, path: "out/{name}/x-{month}.d/{date}.jsonl" }
        disclosures:
          - name: names
            to: partner
            by: [month, partner, user]
            measures: { times: count }
            path: "out/partners/{partner}/{month}.csv"
        """

    private func folder() throws -> TemporaryPipeline {
        try TemporaryPipeline(
            pipeline,
            files: ["in.jsonl": #"{"ts":"2026-03-20T10:00:00Z","user":"emma"}"# + "\n"])
    }

    /// The digits of the mark that the pipeline file in `folder` has.
    private func mark(_ folder: TemporaryPipeline) throws -> String {
        let plan = try Sluice.loadPlan("\(folder.folder)/pipeline.yaml", now: "2026-04-15")
        let directory = try Directory.open(folder.folder)
        let file = try DurableFile.begin(in: directory, named: "x", mark: plan.mark)
        defer { file.abandon() }
        return String(file.temporaryName.split(separator: "-")[1])
    }

    @Test func whatAKilledRunLeftGoesBehindPlaceholdersToo() throws {
        let folder = try folder()
        let name = ".a.sluice-\(try mark(folder))-\(run)-0.tmp"
        let places = ["out/all/x-2026-01.d", "out/partners/P-01", "out/partners/P-02"]
        for place in places { try folder.write("\(place)/\(name)", "emma") }
        // Folders that no path of the pipeline leads to are none of its business.
        try folder.write("out/all/y-2026-01.d/\(name)", "emma")
        try folder.write("out/other/x-2026-01.d/\(name)", "emma")
        _ = try folder.run(now: "2026-04-15", isDryRun: true)
        #expect(folder.files(below: "out").filter { $0.hasSuffix(".tmp") }.count == 5)
        _ = try folder.run(now: "2026-04-15")
        #expect(
            folder.files(below: "out").filter { $0.hasSuffix(".tmp") } == [
                "all/y-2026-01.d/\(name)", "other/x-2026-01.d/\(name)",
            ])
    }

    /// Taken for empty, a folder would keep what a killed run left, which can be readable.
    @Test func aFolderThatCannotBeListedIsAFault() throws {
        let folder = try folder()
        try folder.write("in.jsonl", "")
        try folder.write("out/all/other", "")
        _ = try folder.run(now: "2026-04-15")
        try folder.close("out/all")
        let failure = #expect(throws: PipelineFailure.self) { try folder.run(now: "2026-04-15") }
        #expect(failure?.exitStatus == ExitStatus.storage)
    }

    /// Whoever may write there can put anything into it.
    @Test func aLinkOrANameOfStrangersStopsNoRun() throws {
        let folder = try folder()
        try folder.write("out/all/other", "")
        try folder.close("out/all/x-loop.d")
        let odd = Array("\(folder.folder)/out/all/x-".utf8) + [0xff] + Array(".d".utf8)
        let path = odd.map { CChar(bitPattern: $0) } + [0]
        #expect(unsafe mkdir(path, 0o700) == 0)
        defer { _ = unsafe rmdir(path) }
        let name = ".a.sluice-\(try mark(folder))-\(run)-0.tmp"
        try folder.write("out/all/x-2026-01.d/\(name)", "emma")
        _ = try folder.run(now: "2026-04-15")
        #expect(!folder.files(below: "out/all/x-2026-01.d").contains(name))
    }

    /// Two pipelines, or two states, that share a folder leave each other's files alone.
    @Test func filesOfAnotherWriterStay() throws {
        let folder = try folder()
        let other = ".a.sluice-fedcba9876543210-\(run)-0.tmp"
        let nobody = ".a.sluice-\(run)-0.tmp"
        for name in [other, nobody] { try folder.write("out/all/x-2026-01.d/\(name)", "emma") }
        _ = try folder.run(now: "2026-04-15")
        #expect(folder.files(below: "out").filter { $0.hasSuffix(".tmp") } == [
            "all/x-2026-01.d/\(other)"
        ])
    }

    /// A run keeps one of its files locked; the others may be closed for a while.
    @Test func oneLockedFileSpeaksForItsRun() throws {
        let folder = try folder()
        let mark = try mark(folder)
        let locked = ".a.sluice-\(mark)-\(run)-0.tmp"
        let closed = ".b.sluice-\(mark)-\(run)-1.tmp"
        let dead = ".b.sluice-\(mark)-00000000000000ff-1.tmp"
        try folder.write("out/all/x-2026-01.d/\(locked)", "emma")
        try folder.write("out/partners/P-01/\(closed)", "emma")
        try folder.write("out/partners/P-01/\(dead)", "emma")
        do {
            let writer = try FileLock.acquire(
                locked, in: Directory.open("\(folder.folder)/out/all/x-2026-01.d"), .shared)
            _ = try folder.run(now: "2026-04-15")
            #expect(
                folder.files(below: "out").filter { $0.hasSuffix(".tmp") } == [
                    "all/x-2026-01.d/\(locked)", "partners/P-01/\(closed)",
                ])
            _ = consume writer
        }
        _ = try folder.run(now: "2026-04-15")
        #expect(folder.files(below: "out").filter { $0.hasSuffix(".tmp") } == [])
    }

    @Test func marksTellWritersApart() throws {
        let text =
            "name: a\nsource: { format: jsonl }\nstate: s\nfields: { a: keep }\n"
            + "outputs: [{ name: all, purpose: security, path: out }]\n"
        let one = try TemporaryPipeline(text)
        let plan = try Sluice.loadPlan("\(one.folder)/pipeline.yaml", now: nil)
        try one.write("second.yaml", text)
        let second = try Sluice.loadPlan("\(one.folder)/second.yaml", now: nil)
        #expect(plan.mark != .none)
        #expect(plan.mark != second.mark)
        // A state has one mark, whichever file leads to it, and from wherever.
        #expect(plan.anchored(at: "/").mark == second.anchored(at: "/").mark)
        #expect(plan.anchored(at: "/").mark != plan.mark)
        #expect(
            WriterMark.of("state", "/a/b/../c") == WriterMark.of("state", "/a/c"))
    }
}
