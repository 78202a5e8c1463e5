import FileSystem
import Testing

@testable import Pipelines

/// What lies beside the sources: the pipelines and the README are read as users get them.
enum Shipped {
    /// The names of the pipelines in `pipelines/`; its folders hold what is around them.
    static let pipelines: [String] =
        ((try? Directory.open("\(packageFolder)/pipelines").names()) ?? [])
        .filter { $0.hasSuffix(".yaml") }.sorted()

    /// The text of a file of the package.
    static func text(_ path: String) throws -> String {
        let (directory, name) = splitPath("\(packageFolder)/\(path)")
        let bytes = try Directory.open(directory).content(of: name, limitBytes: 1 << 20)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The place of a file of the package.
    static func path(_ path: String) -> String { "\(packageFolder)/\(path)" }

    private static let packageFolder =
        #filePath.split(separator: "/", omittingEmptySubsequences: false)
        .dropLast(3).joined(separator: "/")
}

@Suite("Shipped pipelines")
struct ShippedPipelinesTests {
    @Test("all cases of the README are there")
    func names() {
        #expect(
            Shipped.pipelines == [
                "accounts.yaml", "cloud-audit.yaml", "contacts.yaml", "information-requests.yaml",
                "job-applications.yaml", "nightly.yaml", "partner-report.yaml",
                "popular-systems.yaml", "product-usage.yaml", "raw-archive.yaml", "research.yaml",
                "server-messages.yaml", "support-tickets.yaml", "website-visitors.yaml",
                "windows-website.yaml",
            ]
        )
    }

    @Test("each is without fault", arguments: Shipped.pipelines)
    func faults(_ file: String) throws {
        let (pipeline, faults) = reading(
            try Shipped.text("pipelines/\(file)"),
            known: Sluice.knownNames
        )
        #expect(faults == [])
        #expect(pipeline.map { $0.name.value + ".yaml" } == file)
    }

    @Test("each passes its own tests", arguments: Shipped.pipelines)
    func ownTests(_ file: String) throws {
        let report = try Sluice.test(pipeline: PipelineFile(Shipped.path("pipelines/\(file)")))
        #expect(!report.cases.isEmpty)
        for test in report.cases { #expect(test.differences == [], "\(file): \(test.name)") }
    }

    @Test("each begins with what it is for and ends with tests", arguments: Shipped.pipelines)
    func shape(_ file: String) throws {
        let text = try Shipped.text("pipelines/\(file)")
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let comment = lines.prefix { $0.hasPrefix("# ") }
        #expect(comment.last?.hasSuffix(".") == true)
        #expect(comment.map { $0.dropFirst(2) }.joined(separator: " ").contains(" "))
        let keys = lines.filter { $0.first?.isLetter == true }
        #expect(keys.last == "tests:")
        #expect(text.hasSuffix("\n"))
    }

    @Test("each reads samples that are there, and writes to out and state only")
    func places() throws {
        for file in Shipped.pipelines {
            let text = try Shipped.text("pipelines/\(file)")
            let pipeline = try #require(reading(text).specification)
            let sources = pipeline.source.files.map(\.value)
            #expect(sources.allSatisfy { $0.hasPrefix("../samples/") }, "\(file)")
            let targets =
                pipeline.outputs.map(\.path.value.text)
                + pipeline.disclosures.map(\.path.value.text)
                + pipeline.statistics.compactMap { $0.path?.value.text }
                + (pipeline.store?.files.map(\.value) ?? [])
            let folder = "../out/\(pipeline.name.value)/"
            #expect(targets.allSatisfy { $0.hasPrefix(folder) }, "\(file)")
            // A disclosure names persons: nothing of it may stay in a state folder.
            let state = pipeline.disclosures.isEmpty ? "../state/\(pipeline.name.value)" : nil
            #expect(pipeline.state?.value == state)
            let hasOwnKeys = ["research.yaml", "support-tickets.yaml"].contains(file)
            // Keys of months are those of one zone.
            let keys = pipeline.zone.value == "UTC" ? "../state/keys-utc" : "../state/keys"
            #expect(pipeline.keys?.path?.value == (hasOwnKeys ? nil : keys), "\(file)")
            #expect(!pipeline.tests.isEmpty)
        }
    }
}

@Suite("README")
struct ReadmeTests {
    @Test("the reference is the one that the code gives")
    func reference() throws {
        let text = try Shipped.text("README.md")
        let begin = try #require(text.firstRange(of: "<!-- reference:begin -->\n"))
        let end = try #require(text.firstRange(of: "<!-- reference:end -->"))
        let generated = Sluice.referenceMarkdown()
        let isSame = text[begin.upperBound..<end.lowerBound] == "\n\(generated)\n"
        #expect(isSame, "run `sluice reference` and put what it prints between the marks")
    }

    @Test("every exit status is in its table")
    func exitStatuses() throws {
        let text = try Shipped.text("README.md")
        let statuses = [
            ExitStatus.success, ExitStatus.testsFailed, ExitStatus.usage,
            ExitStatus.pipelineFaults, ExitStatus.source, ExitStatus.quarantineLimit,
            ExitStatus.storage, ExitStatus.busy, ExitStatus.keys, ExitStatus.internalFault,
            ExitStatus.closedPipe, ExitStatus.tables, ExitStatus.refused,
        ]
        for status in statuses { #expect(text.contains("\n| \(status) | "), "\(status)") }
    }
}
