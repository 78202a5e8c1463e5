import Foundation

/// The list of changes that nobody can notice: the key of each, with the reason behind `  # `.
struct Equivalents {
    private let known: Set<String>

    init(_ text: String) {
        known = Set(
            text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
                line.components(separatedBy: "  # ")[0].trimmingCharacters(in: .whitespaces)
            })
    }

    func contains(_ mutant: Mutant) -> Bool { known.contains(mutant.key) }

    /// Those that stand for none of `mutants`: the code has changed.
    func stale(among mutants: [Mutant]) -> [String] {
        known.subtracting(mutants.map(\.key)).sorted()
    }
}
