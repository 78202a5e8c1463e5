import Foundation
import Pipelines
import TestSupport

/// Flips single bytes in what a history has left, of every kind of file that there is: verify must
/// find each, or be unable to look.
struct HistoryFlips {
    let world: HistoryWorld
    let clock: HistoryDate
    /// How many files of a kind are tried, and how many places of each.
    let files: Int
    let places: Int
    private(set) var kinds: Set<String> = []
    private(set) var flips = 0
    private(set) var unfound: [String] = []

    init(_ world: HistoryWorld, _ clock: HistoryDate, files: Int, places: Int) {
        self.world = world
        self.clock = clock
        self.files = files
        self.places = places
    }

    mutating func run(_ random: inout SeededGenerator) throws {
        var ofKind: [String: [(String, [UInt8])]] = [:]
        for (file, bytes) in try HistoryScan.contents(world.path) where !bytes.isEmpty {
            guard Self.pipeline(of: file) != nil else { continue }
            ofKind[Self.kind(of: file), default: []].append((file, bytes))
        }
        for (kind, all) in ofKind.sorted(by: { $0.key < $1.key }) {
            kinds.insert(kind)
            for (file, bytes) in all.shuffled(using: &random).prefix(files) {
                try flip(file, bytes, &random)
            }
        }
    }

    private mutating func flip(
        _ file: String, _ bytes: [UInt8], _ random: inout SeededGenerator
    ) throws {
        let path = URL(fileURLWithPath: "\(world.path)/\(file)")
        for _ in 0..<places {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            var bad = bytes
            bad[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            try Data(bad).write(to: path)
            if !isFound(file) { unfound.append("\(file), byte \(place)") }
            flips += 1
        }
        try Data(bytes).write(to: path)
    }

    private func isFound(_ file: String) -> Bool {
        var request = VerifyRequest(
            pipeline: "\(world.path)/\(Self.pipeline(of: file) ?? "p").yaml")
        request.now = clock.text
        guard let report = try? Sluice.verify(request) else { return true }
        return !report.isProven
    }

    /// Whose file it is; nil for sources, lists and the store, which are the operator's.
    private static func pipeline(of file: String) -> String? {
        let folder = file.split(separator: "/").first.map(String.init) ?? ""
        for name in HistoryWorld.pipelines where folder.hasSuffix("-\(name)") { return name }
        guard folder == "out" else { return nil }
        return file.hasPrefix("out/trail") ? "a" : file.hasPrefix("out/who") ? "w" : "p"
    }

    /// The folder and the end of the name: `keys-a/*.destroyed`.
    private static func kind(of file: String) -> String {
        let parts = file.split(separator: "/")
        let name = parts.last ?? ""
        let isNumbered = name.contains { $0.isNumber }
        let end = name.split(separator: ".").dropFirst(isNumbered ? 1 : 0).filter {
            $0.utf8.count < 12
        }.joined(separator: ".")
        return parts.dropLast().joined(separator: "/") + "/" + (isNumbered ? "*." : "") + end
    }
}
