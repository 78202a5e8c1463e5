import Foundation

/// What the tests of a copy came by when they were last run one by one, kept beside it.
///
/// It holds for the tests of a target as long as nothing that they are made of has changed: neither
/// the target nor what lies outside of the folders of tests.
struct TrialMemory: Codable {
    private struct Target: Codable {
        let stamp: UInt64
        var trials: [String: MutantTrial.Trial] = [:]
    }

    private var targets: [String: Target] = [:]

    private static func url(in folder: URL) -> URL {
        folder.appendingPathComponent(".build/trials.json")
    }

    init() {}

    /// What is still true of the copy in `folder` about the tests of `names`.
    init(in folder: URL, of names: [String], limits: MutantTrial.Limits) {
        let data = (try? Data(contentsOf: Self.url(in: folder))) ?? Data()
        targets = (try? JSONDecoder().decode(TrialMemory.self, from: data))?.targets ?? [:]
        let shared = Self.stamp(of: folder, where: Self.isShared) ^ limits.test.bitPattern
        for name in names {
            let own = Self.stamp(of: folder.appendingPathComponent("Tests/\(name)")) { _ in true }
            let stamp = shared &* 31 &+ own
            guard let known = targets[name], known.stamp != stamp else {
                targets[name] = targets[name] ?? Target(stamp: stamp)
                continue
            }
            // What takes too long is not run again just because something else has changed.
            targets[name] = Target(
                stamp: stamp, trials: known.trials.filter { $1.seconds >= limits.test })
        }
    }

    /// The manifest is another for each choice of targets, and this tool is tried by tests of its
    /// own only.
    private static func isShared(_ path: String) -> Bool {
        let parts = path.split(separator: "/")
        if parts[0] == "Tests" {
            return parts.count > 2 && !parts[1].hasSuffix("Tests") && parts[1] != "Mutants"
        }
        return !path.hasPrefix(".") && path != "Package.swift"
    }

    /// Nil when the test has to be run.
    subscript(_ test: String) -> MutantTrial.Trial? {
        targets[Self.target(of: test)]?.trials[test]
    }

    mutating func add(_ trial: MutantTrial.Trial) {
        targets[Self.target(of: trial.name)]?.trials[trial.name] = trial
    }

    func write(in folder: URL) throws {
        try JSONEncoder().encode(self).write(to: Self.url(in: folder))
    }

    private static func target(of test: String) -> String {
        String(test.prefix { $0 != "." })
    }

    /// Stands for the names, sizes and times of change of the files below `folder`.
    private static func stamp(of folder: URL, where isMeant: (String) -> Bool) -> UInt64 {
        let manager = FileManager.default
        let paths = (try? manager.subpathsOfDirectory(atPath: folder.path)) ?? []
        var stamp: UInt64 = 0xcbf2_9ce4_8422_2325
        for path in paths.sorted() where isMeant(path) {
            let facts = try? manager.attributesOfItem(atPath: folder.path + "/" + path)
            guard facts?[.type] as? FileAttributeType == .typeRegular else { continue }
            let changed = (facts?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
            let text = "\(path) \(facts?[.size] ?? 0) \(changed)"
            stamp = text.utf8.reduce(stamp) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        }
        return stamp
    }
}
