import Anonymization
import Records
import TestSupport
import Testing

@testable import Pipelines

@Suite("Reference of the pipeline file")
struct ReferenceTests {
    @Test("the decoder asks for each key that has a descriptor, and for no other")
    func keys() throws {
        let faults = Faults()
        let root = try #require(readSettings(bytes(fullExample), faults: faults))
        let context = DecodingContext(faults: faults, known: KnownNames())
        _ = PipelineSpecification.decode(root, context)
        #expect(faults.isEmpty)
        #expect(context.asked.keys.sorted() == PipelineReference.sections.map(\.path).sorted())
        for section in PipelineReference.sections {
            #expect(
                context.asked[section.path]?.sorted() == section.keys.map(\.name).sorted(),
                "section \(section.path)"
            )
        }
    }

    @Test("the full example writes every key there is")
    func example() throws {
        let root = try #require(readSettings(bytes(fullExample), faults: Faults()))
        var written: Set<String> = []
        func collect(_ setting: Setting) {
            switch setting {
            case .mapping(let members, _):
                for member in members {
                    written.insert(member.key)
                    collect(member.value)
                }
            case .list(let items, _): items.forEach(collect)
            case .text, .empty: break
            }
        }
        collect(root)
        for section in PipelineReference.sections {
            for key in section.keys { #expect(written.contains(key.name), "\(key.name)") }
        }
    }

    @Test("a key is required where the reference says so, and only there")
    func required() {
        let beginnings = [
            ("", ""), ("source", "source: {}"), ("source.time", "source: {time: {}}"),
            ("outputs[]", "outputs: [{}]"), ("disclosures[]", "disclosures: [{}]"),
            ("outputs[].safeguards", "outputs: [{safeguards: {}}]"),
            ("statistics[]", "statistics: [{}]"), ("publish", "publish: {}"),
            ("publish.for_customers", "publish: {for_customers: {}}"),
            ("opt_outs", "opt_outs: {}"), ("tests[]", "tests: [{}]"),
            ("quarantine", "quarantine: {}"), ("tables[]", "tables: [{}]"),
            ("keys", "keys: {}"),
            ("identity", "identity: {}"), ("source.limits", "source: {limits: {}}"),
            ("fields.*.after", "fields: {a: {after: {}}}"),
            ("fields.*.after.start", "fields: {a: {after: {start: {}}}}"),
            ("statistics[].suppression", "statistics: [{suppression: {}}]"),
        ]
        for (path, text) in beginnings {
            let section = PipelineReference.sections.first { $0.path == path }
            let place = path.split(separator: "[]").joined(separator: "[1]")
                .split(separator: "*").joined(separator: "a")
            let prefix = (place.isEmpty ? "" : place + (path.hasSuffix("[]") ? "[1]" : "") + ": ")
            let marker = "` is missing"
            let missing = reading("x-none: 1\n" + text).faults.compactMap { line -> String? in
                guard let colon = line.firstIndex(of: " ") else { return nil }
                let message = line[line.index(after: colon)...]
                guard message.hasPrefix(prefix + "`"), message.hasSuffix(marker) else { return nil }
                return String(message.dropFirst(prefix.count + 1).dropLast(marker.count))
            }
            let expected = section?.keys.filter { $0.standard == PipelineReference.required }
            #expect(missing.sorted() == expected?.map(\.name).sorted(), "section \(path)")
        }
    }

    @Test("the page has every section, key, transform, format and measure")
    func markdown() {
        let transform = TransformDescriptor(
            name: "cut",
            summary: "Cuts.",
            guarantees: "Less.",
            leaks: "Some.",
            options: [
                OptionDescriptor("to", values: "`a|b`", standard: "`a`", help: "Two\nlines.")
            ],
            shorthand: "to",
            make: { _, _ in nil }
        )
        let page = pipelineReferenceMarkdown(
            transforms: [transform],
            formats: [CatalogueEntry(name: "jsonl", summary: "Lines.")],
            measures: [CatalogueEntry(name: "count", summary: "Counts.")]
        )
        for section in PipelineReference.sections {
            #expect(page.contains(section.path.isEmpty ? "### The file" : "### `\(section.path)`"))
            for key in section.keys { #expect(page.contains("| `\(key.name)` | ")) }
        }
        #expect(page.contains("#### `cut`\n\nCuts. *Guarantees:* Less. *Still leaks:* Some."))
        #expect(page.contains(" A bare value is `to`."))
        #expect(page.contains("| `to` | `a\\|b` | `a` | Two lines. |"))
        #expect(
            page.contains("### Formats\n\n#### `jsonl`\n\nLines.\n\n### Transforms\n")
        )
        #expect(
            page.hasSuffix("### Measures\n\n#### `count`\n\nCounts.\n")
        )
        for line in page.split(separator: "\n") where line.hasPrefix("|") {
            #expect(line.split(separator: "\\|").joined().filter { $0 == "|" }.count == 5)
        }
    }
}
