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
        var ofKind: [String: [File]] = [:]
        for (path, bytes) in try HistoryScan.contents(world.path) where !bytes.isEmpty {
            guard Self.pipeline(of: path) != nil else { continue }
            ofKind[Self.kind(of: path), default: []].append(File(path: path, bytes: bytes))
        }
        var chosen: [File] = []
        for (kind, all) in ofKind.sorted(by: { $0.key < $1.key }) {
            kinds.insert(kind)
            chosen += all.shuffled(using: &random).prefix(files)
        }
        for _ in 0..<places {
            let flips = chosen.map { Flip($0, &random) }
            self.flips += flips.count
            for flip in try unnamed(flips) {
                try write(flip.bad, flip)
                if !verify(flip.pipeline).isFound { unfound.append(flip.text) }
                try write(flip.file.bytes, flip)
            }
        }
    }

    private struct File {
        let path: String
        let bytes: [UInt8]
    }

    private struct Flip {
        let file: File
        let place: Int
        let bit: UInt8

        init(_ file: File, _ random: inout SeededGenerator) {
            self.file = file
            place = Int.random(in: 0..<file.bytes.count, using: &random)
            bit = UInt8.random(in: 0..<8, using: &random)
        }

        var bad: [UInt8] {
            var bytes = file.bytes
            bytes[place] ^= 1 << bit
            return bytes
        }

        var pipeline: String { HistoryFlips.pipeline(of: file.path) ?? "p" }
        var text: String { "\(file.path), byte \(place)" }
    }

    private func write(_ bytes: [UInt8], _ flip: Flip) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(world.path)/\(flip.file.path)"))
    }

    /// Those of `flips` that verify does not find by the names of their files when all results are
    /// flipped together, and those in what verify itself goes by: they are tried alone.
    private func unnamed(_ flips: [Flip]) throws -> [Flip] {
        let isResult = { (flip: Flip) in
            flip.file.path.hasPrefix("out/") && !flip.file.path.hasSuffix(".json")
        }
        let together = flips.filter(isResult)
        for flip in together { try write(flip.bad, flip) }
        var places: [String] = []
        for name in Set(together.map(\.pipeline)).sorted() { places += verify(name).places }
        for flip in together { try write(flip.file.bytes, flip) }
        return flips.filter { flip in
            !isResult(flip) || !places.contains { $0.hasSuffix(flip.file.path) }
        }
    }

    /// True when something is found or nobody could look; and where it was found.
    private func verify(_ pipeline: String) -> (isFound: Bool, places: [String]) {
        var request = VerifyRequest(pipeline: "\(world.path)/\(pipeline).yaml")
        request.now = clock.text
        guard let report = try? Sluice.verify(request) else { return (true, []) }
        return (!report.isProven, report.findings.map(\.place))
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
