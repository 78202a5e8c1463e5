import Foundation

/// What is left out of the mutants of each file as it does not compile; found out by building.
///
/// Kept beside the copy, so that the next run in the same folder need not find it out again.
struct Exclusions: Codable {
    private struct File: Codable {
        /// Of the text of the file: with another, lines are others too.
        let digest: UInt64
        var lines: [Int: MutationRules.Exclusion] = [:]
    }

    private var files: [String: File] = [:]

    /// Those kept in `url`; none when nothing readable is there.
    init(from url: URL) {
        if let data = try? Data(contentsOf: url),
            let kept = try? JSONDecoder().decode(Exclusions.self, from: data)
        {
            self = kept
        }
    }

    init() {}

    func write(to url: URL) throws { try JSONEncoder().encode(self).write(to: url) }

    /// What is left out of `file`, whose text is `bytes`.
    mutating func lines(of file: String, bytes: [UInt8]) -> [Int: MutationRules.Exclusion] {
        let digest = bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        if files[file]?.digest != digest { files[file] = File(digest: digest) }
        return files[file]?.lines ?? [:]
    }

    /// The compiler named `line` of `file`, in which (or next to which) are `mutants`: numbers go
    /// first, then all. What it says of a line without a change is due to one near it.
    mutating func add(_ file: String, line: Int, among mutants: [Mutant]) {
        let near = mutants.min { abs($0.line - line) < abs($1.line - line) }
        guard let nearest = near?.line else { return }
        let hasNumbers = mutants.contains { $0.line == nearest && $0.isNumber }
        files[file]?.lines[nearest] = hasNumbers ? .numbers : .everything
    }
}
