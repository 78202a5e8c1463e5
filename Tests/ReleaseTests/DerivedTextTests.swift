@testable import Anonymization
import LogFormats
import Records
import TestSupport
import Testing

/// Texts that several rules make of one field: remembered together, and the same as each alone.
@Suite struct DerivedTextTests {
    /// Of a text its length as a number, nothing, itself or a text, by its first byte.
    private struct ByFirstByte: Transform {
        var turn: UInt8

        func apply(
            _ value: borrowing FieldValue, _ context: borrowing TransformContext,
            into output: inout ByteBuffer
        ) -> TransformResult {
            guard value.bytes.count > 0 else { return .unchanged }
            switch (value.bytes[0] &+ turn) % 5 {
            case 0:
                output.append(decimal: Int64(value.bytes.count))
                return .number
            case 1: return .dropped
            case 2: return .null
            case 3: return .unchanged
            default:
                for index in value.bytes.indices.reversed() { output.append(value.bytes[index]) }
                return .text
            }
        }

        func isReleased(_ value: borrowing FieldValue) -> Bool { true }
    }

    private func trial() -> ReleaseTrial {
        var trial = ReleaseTrial(["ts": Keep(), "agent": Drop(), "lang": Drop()])
        trial.keepsUnnamed = true
        trial.observations = ObservationPlan(
            texts: [
                .init(source: .slot(1), transform: ByFirstByte(turn: 0)),
                .init(source: .slot(2), transform: ByFirstByte(turn: 1)),
                .init(source: .slot(1), transform: ByFirstByte(turn: 2)),
                .init(source: .slot(1), transform: AgentFamily(part: .os)),
            ],
            tokens: [],
            statistics: [.init(purpose: .statistics, categories: [])]
        )
        return trial
    }

    private func line(_ agent: String, _ language: String) -> String {
        #"{"ts":"\#(ReleaseTrial.due)","agent":\#(agent),"lang":\#(language)}"#
    }

    /// The bytes 97 to 101 leave, with the turns 0, 1 and 2, all kinds of results.
    @Test(arguments: [
        ("a", [nil, "a", "a"]), ("b", ["b", "b", "1"]), ("cd", ["dc", "2", nil]),
        ("de", ["2", nil, nil]), ("Windows", [nil, "Windows", "swodniW"]),
    ] as [(String, [String?])])
    func eachRuleHasItsOwnResult(_ value: String, _ expected: [String?]) {
        let rows = trial().run([line("\"\(value)\"", "\"\(value)\"")]).observed.map(\.texts)
        let system = value == "Windows" ? "Windows" : "Other"
        #expect(rows == [expected + [system]])
    }

    /// Thousands of records with few values, in many spellings: as each record alone.
    @Test func rememberedTextsAreTheComputedOnes() throws {
        let seed: UInt64 = 0xDE81
        var generator = SeededGenerator(seed: seed)
        let trial = trial()
        let plan = try #require(trial.makePlan())
        let shared = Releaser(plan: plan, keyRing: nil)
        let values = [
            #""a""#, #""bb""#, #""c\u0063c""#, #""d""#, #""e\"e""#, #""""#, "null", "12", "true",
            #"["x"]"#, #""Windows NT""#, #""iPhone""#, "\"\(String(repeating: "f", count: 5000))\"",
        ]
        for round in 0..<40 {
            var lines: [String] = []
            var agent = values[0]
            for _ in 0..<60 {
                if Bool.random(using: &generator) {
                    agent = values.randomElement(using: &generator) ?? ""
                }
                lines.append(line(agent, values.randomElement(using: &generator) ?? ""))
            }
            let together = trial.run([bytes(lines.joined(separator: "\n"))], releaser: shared)
            let alone = lines.flatMap { one in
                trial.run([bytes(one)], releaser: Releaser(plan: plan, keyRing: nil)).observed
            }
            #expect(
                together.observed.map(\.texts) == alone.map(\.texts),
                "seed \(seed), round \(round)")
        }
    }
}
