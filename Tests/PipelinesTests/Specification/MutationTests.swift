import Records
import TestSupport
import Testing

@testable import Pipelines

@Suite("Damaged pipeline files")
struct MutationTests {
    @Test("no mutation of a file crashes the reader, and every fault has a place in the file")
    func mutations() {
        let seed: UInt64 = 20_261_123
        var generator = SeededGenerator(seed: seed)
        let original = bytes(fullExample)
        for round in 1...1000 {
            var mutated = original
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                mutate(&mutated, using: &generator)
            }
            let faults = Faults()
            let specification = PipelineSpecification.read(mutated, faults: faults)
            #expect(specification != nil || !faults.isEmpty, "seed \(seed), round \(round)")
            let lineCount = mutated.count { $0 == 10 || $0 == 13 } + 2
            for fault in faults.all {
                #expect(
                    (1...lineCount).contains(fault.position.line),
                    "seed \(seed), round \(round)"
                )
                #expect(!fault.message.isEmpty)
            }
            _ = FaultReport.json(faults.all, file: "f")
            // The same bytes give the same value and faults.
            let again = Faults()
            #expect(PipelineSpecification.read(mutated, faults: again) == specification)
            #expect(again.all == faults.all)
        }
    }

    @Test("every prefix of a file is read or refused")
    func prefixes() {
        let original = bytes(fullExample)
        for length in stride(from: 0, to: original.count, by: 7) {
            let faults = Faults()
            let value = PipelineSpecification.read(Array(original[..<length]), faults: faults)
            #expect(value != nil || !faults.isEmpty)
        }
    }

    private func mutate(_ text: inout [UInt8], using generator: inout SeededGenerator) {
        let pieces = [
            "[", "]", "{", "}", ": ", "- ", "&a ", "*a", "!t ", "\n", "  ", "'", "\"", "|", ",",
        ]
        let place = Int.random(in: 0..<max(1, text.count), using: &generator)
        let end = min(text.count, place + Int.random(in: 0...20, using: &generator))
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: text.removeSubrange(min(place, end)..<end)
        case 1: text.insert(contentsOf: text[min(place, end)..<end], at: 0)
        case 2:
            text.insert(
                contentsOf: bytes(pieces[Int.random(in: 0..<pieces.count, using: &generator)]),
                at: min(place, text.count)
            )
        case 3 where place < text.count:
            text[place] = UInt8.random(in: 0...255, using: &generator)
        default: text.insert(contentsOf: text[min(place, end)..<end], at: end)
        }
    }
}
