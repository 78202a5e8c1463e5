@testable import Anonymization
import LogFormats
import Records
import TestSupport
import Testing

/// Plans in which one field only ever changes and nothing tells records apart take a shorter way:
/// the same bytes and counts as on the long way, which a second, missing field forces.
@Suite struct SoleFieldTests {
    private func same(_ trial: ReleaseTrial, _ source: [UInt8], _ hint: String) {
        var long = trial
        long.fields.append(("no such field", FieldRule(transform: nil)))
        var expected = long.run(source)
        // The missing field has counts, too, of nothing.
        #expect(expected.counts.outputs[0].fields.popLast() == FieldCounts(), "\(hint)")
        let result = trial.run(source)
        #expect(result.output == expected.output, "\(hint)")
        #expect(result.counts == expected.counts && result.counts.isConserved, "\(hint)")
        #expect(result.quarantine == expected.quarantine, "\(hint)")
    }

    private static let rules: [FieldRule] = [
        FieldRule(transform: nil), FieldRule(transform: Drop()), FieldRule(transform: Keep()),
        FieldRule(transform: TruncateAddress()),
        FieldRule(transform: TruncateAddress(), isBarred: true),
        FieldRule(transform: Replace(with: #"a "b" \ c"#)),
        FieldRule(transform: TruncateAddress(), clock: []),
        FieldRule(transform: TruncateAddress(), clock: [], appliesAlways: true),
    ]

    @Test(arguments: rules.indices)
    func linesWithAnAddressInFront(_ index: Int) {
        let seed = UInt64(index)
        var generator = SeededGenerator(seed: seed)
        var trial = ReleaseTrial([("ip", Self.rules[index])])
        trial.format = FirstFieldFormat()
        trial.syntax = .template
        trial.timeField = nil
        let parts = ["192.0.2.17", "2001:db8::17", " ", "\n", "x", "é", "\r", "-", "\u{0}", "\""]
        for round in 0..<200 {
            let source = (0..<12).map { _ in parts.randomElement(using: &generator) ?? "" }
                .joined()
            for showsWindow in [false, true] {
                trial.showsWindow = showsWindow
                same(trial, bytes(source), "seed \(seed), round \(round)")
            }
        }
    }

    @Test(arguments: rules.indices, [false, true])
    func membersOfObjects(_ index: Int, _ keepsUnnamed: Bool) {
        let seed = UInt64(index)
        var generator = SeededGenerator(seed: seed)
        var trial = ReleaseTrial([("a[*]", Self.rules[index])])
        trial.timeField = nil
        trial.keepsUnnamed = keepsUnnamed
        let lines = [
            #"{"a":["192.0.2.1","x"],"b":1}"#, #"{"b":1,"a":["2001:db8::17"]}"#, #"{"b":2}"#, "",
            #"{"a":"192.0.2.200"}"#, "{", #"{"a":[null,1,"\u0031"]}"#, #"{"a":[]}"#,
        ]
        for round in 0..<100 {
            let source = (0..<8).map { _ in
                (lines.randomElement(using: &generator) ?? "") + "\n"
            }.joined()
            same(trial, bytes(source), "seed \(seed), round \(round)")
        }
    }
}
