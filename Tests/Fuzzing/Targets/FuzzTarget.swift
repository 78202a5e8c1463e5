import TestSupport

/// One parser or decoder that is given bytes of strangers, and what its answer is held against.
///
/// Whatever comes, the answer is a value or a fault, never a trap; where there is a plain twin, it
/// is the twin's answer, and where what was read can be written, it reads back the same.
package struct FuzzTarget: Sendable {
    /// Lower-case words with dashes; the name of its folder of seeds, too.
    package let name: String
    /// Pieces of input that the format knows; changes are made of them.
    package let words: [String]
    /// Seeds that are made by the product itself, because kept bytes would say nothing to a reader.
    private let made: @Sendable () throws -> [[UInt8]]
    /// Tries one input; true when there was something in it to read.
    package let run: @Sendable (_ input: [UInt8]) throws -> Bool

    init(
        _ name: String, words: [String] = [],
        made: @escaping @Sendable () throws -> [[UInt8]] = { [] },
        run: @escaping @Sendable (_ input: [UInt8]) throws -> Bool
    ) {
        self.name = name
        self.words = words
        self.made = made
        self.run = run
    }

    /// Every target, in the order in which a record meets them.
    package static let all: [FuzzTarget] =
        files + readers + values + settings + stored + sketches

    /// What changes begin with: the kept seeds, those of the product, and nothing.
    package var seeds: [[UInt8]] { keptSeeds(of: name) + ((try? made()) ?? []) + [[]] }
}

/// A difference that a target found.
package struct FuzzFinding: Error, CustomStringConvertible {
    package let description: String
}

/// Throws a finding that says `what` unless `isSo`.
func demand(_ isSo: Bool, _ what: @autoclosure () -> String) throws(FuzzFinding) {
    guard isSo else { throw FuzzFinding(description: what()) }
}

/// The lines of `input` without their line feeds.
func lines(of input: [UInt8]) -> [[UInt8]] {
    input.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
}

/// Cuts that depend on `input` alone, so that a finding can be repeated.
func cuts(for input: [UInt8]) -> SeededGenerator {
    SeededGenerator(
        seed: input.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
}
