import Anonymization
import Foundation
import Pipelines
import TestSupport
import Testing

/// Sources that are not lines of UTF-8.
@Suite struct EncodingRunTests {
    private func folder(_ source: String, _ input: [UInt8]) throws -> TemporaryPipeline {
        let folder = try TemporaryPipeline(
            """
            name: copy
            source: { files: "in", \(source) }
            fields: { a: keep, b: keep }
            outputs: [{ name: out, purpose: security, path: out }]
            quarantine: { limit: 0% }
            """)
        try Data(input).write(to: URL(fileURLWithPath: "\(folder.folder)/in"))
        return folder
    }

    private func copied(_ source: String, _ input: [UInt8]) throws -> String {
        let folder = try folder(source, input)
        let report = try folder.run(now: "2026-04-15")
        #expect(report.sources.allSatisfy { $0.counts.isConserved })
        return try folder.text("out")
    }

    private func utf16(_ text: String, bigEndian: Bool) -> [UInt8] {
        ([0xFEFF] + Array(text.utf16)).flatMap { unit -> [UInt8] in
            let bytes = [UInt8(unit >> 8), UInt8(unit & 0xFF)]
            return bigEndian ? bytes : bytes.reversed()
        }
    }

    private static let line = #"{"a":"José €","b":1}"# + "\n"

    @Test func declaredEncodingsBecomeUTF8() throws {
        #expect(
            try copied(
                "format: jsonl, encoding: latin-1", bytes(#"{"a":"Jos"#) + [0xE9, 0x22, 0x7D])
                == #"{"a":"José"}"# + "\n")
        #expect(
            try copied(
                "format: jsonl, encoding: windows-1252",
                bytes(#"{"a":"Jos"#) + [0xE9, 0x20, 0x80] + bytes(#"","b":1}"#)) == Self.line)
        for bigEndian in [true, false] {
            let text = #"{"a":"José 🙂"}"# + "\n"
            #expect(
                try copied("format: jsonl, encoding: utf-16", utf16(text, bigEndian: bigEndian))
                    == text)
        }
    }

    @Test(arguments: [
        ("format: jsonl", [0xFF, 0xFE, 0x7B, 0x00] as [UInt8]),
        ("format: combined", [0xFE, 0xFF, 0x00, 0x31]),
        ("format: jsonl, encoding: windows-1252", [0x7B, 0x81, 0x7D]),
        ("format: jsonl, encoding: utf-16", [0x7B, 0x00]),
        ("format: jsonl, encoding: utf-16", [0xFF, 0xFE, 0x7B]),
        ("format: jsonl, encoding: utf-16", [0xFF, 0xFE, 0x00, 0xDC, 0x7B, 0x00]),
        ("format: jsonl, encoding: utf-16", [0xFF, 0xFE, 0x00, 0xD8]),
    ]) func whatCannotBeReadIsRefused(_ source: String, _ input: [UInt8]) throws {
        let folder = try folder(source, input)
        if source.contains("combined") {
            try folder.write(
                "pipeline.yaml",
                try folder.text("pipeline.yaml").replacing("a: keep, b: keep", with: "ip: keep"))
        }
        #expect(throws: PipelineFailure.self) { try folder.run(now: "2026-04-15") }
    }

    /// Undeclared bytes of another encoding are set aside, not guessed.
    @Test func undeclaredBytesAreSetAside() throws {
        let folder = try folder("format: jsonl", bytes(#"{"a":"Jos"#) + [0xE9, 0x22, 0x7D])
        #expect(throws: PipelineFailure.self) { try folder.run(now: "2026-04-15") }
    }

    // MARK: Arrays

    @Test func elementsOfAnArray() throws {
        let input = """
            { "other": {"Records": [1]}, "Records" : [ {"a": "x, ]",
              "b" : {"c":[1,2]}} , {"a":2}
            ], "secret": "anna" }
            """
        #expect(
            try copied("format: { json_array: { records: Records } }", bytes(input))
                == #"{"Records":["# + "\n" + #"{"a":"x, ]","b":{"c":[1,2]}}"# + "\n"
                + #",{"a":2}"# + "\n]}\n")
        #expect(try copied("format: json_array", bytes("[]")) == "[\n]\n")
        #expect(try copied("format: json_array", bytes(#"[{"a":1}]"#)) == "[\n{\"a\":1}\n]\n")
        #expect(try copied("format: json_array", []) == "[\n]\n")
    }

    @Test(arguments: [
        #"[{"a":1}"#, #"{"a":[1]}"#, "[1", #"{"a":1}{"#, #"["open]"#, "x", #"{"a":1}"#, "]",
    ]) func whatIsNoArrayIsRefused(_ input: String) throws {
        let folder = try folder("format: json_array", bytes(input))
        #expect(throws: PipelineFailure.self) { try folder.run(now: "2026-04-15") }
    }

    @Test func aRunWithStateStoresLines() throws {
        let folder = try TemporaryPipeline(
            """
            name: trail
            source: { format: cloudtrail, files: "in/*" }
            window: P1M
            fields: { eventTime: keep, sourceIPAddress: { truncate_ip: { ipv4: /16 } } }
            outputs:
              - name: records
                purpose: security
                path: "out/{date}.json"
                recipients: [own]
                safeguards: { reason: abuse, readers: [soc], delete_after: P3M }
            state: state
            """,
            files: [
                "in/a": #"{"Records":[{"eventTime":"2026-04-01T10:00:00Z","n":1,"#
                    + #""sourceIPAddress":"192.0.2.9"}]}"#
            ])
        let first = try folder.run(now: "2026-04-15")
        #expect(first.sources.map(\.counts.read) == [1])
        #expect(try folder.run(now: "2026-04-15").sources.allSatisfy(\.wasKnown))
        let name = try #require(folder.files(below: "out").first)
        #expect(
            try folder.text("out/\(name)")
                == #"{"eventTime":"2026-04-01T10:00:00Z","n":1,"sourceIPAddress":"192.0.2.9"}"#
                + "\n")
        try folder.run(now: "2026-05-02")
        let aged = try #require(folder.files(below: "out").first)
        #expect(
            try folder.text("out/\(aged)")
                == #"{"eventTime":"2026-04-01T10:00:00Z","sourceIPAddress":"192.0.0.0"}"# + "\n")
    }
}
