import Foundation

/// Copies of the files of outputs, as an operator's backup has them.
struct HistoryBackup {
    /// Where runs leave records that are readable for a while.
    private static let folders = ["out/actions", "out/trail", "out/who"]
    private static let copiesMax = 40

    /// What lay there after the last run, by path.
    private var current: [String: Data] = [:]
    /// What a later run replaced or removed, the oldest first, with what took its place.
    private var former: [(path: String, content: Data, successor: String?)] = []
    /// How many files came back.
    private(set) var restored = 0
    /// What lies in the place of a file of today.
    private var displaced: (path: String, content: Data)?

    /// Notes what a run has left below `root`.
    mutating func take(from root: String) throws {
        var found: [String: Data] = [:]
        for folder in Self.folders {
            let names = FileManager.default.enumerator(atPath: "\(root)/\(folder)")?
                .compactMap { $0 as? String }
            for name in (names ?? []).sorted() where !name.hasSuffix("terms.json") {
                let path = "\(folder)/\(name)"
                found[path] = try current[path]
                    ?? Data(contentsOf: URL(fileURLWithPath: "\(root)/\(path)"))
            }
        }
        for (path, content) in current.sorted(by: { $0.key < $1.key }) where found[path] == nil {
            former.append((path, content, Self.successor(of: path, current, found)))
        }
        former = Array(former.suffix(Self.copiesMax))
        current = found
        displaced = nil
    }

    /// The only new file of the same day or month, if the old one was the only one.
    private static func successor(
        of path: String, _ before: [String: Data], _ after: [String: Data]
    ) -> String? {
        func alike(_ files: [String: Data]) -> [String] {
            files.keys.filter { stem($0) == stem(path) }
        }
        let now = alike(after)
        return alike(before).count == 1 && now.count == 1 ? now[0] : nil
    }

    /// The path up to the digest in the name.
    private static func stem(_ path: String) -> Substring {
        path.prefix { $0 != "." }
    }

    /// Puts the oldest file that fits back below `root`, under its own name or in the place of what
    /// became of it.
    mutating func restore(to root: String, isInPlace: Bool) throws {
        let index = former.firstIndex { file in
            !isInPlace || file.successor.map { current[$0] != nil } ?? false
        }
        guard let index else { return }
        let file = former.remove(at: index)
        restored += 1
        let target = isInPlace ? file.successor ?? file.path : file.path
        if let content = current[target] { displaced = (target, content) }
        try file.content.write(to: URL(fileURLWithPath: "\(root)/\(target)"))
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600], ofItemAtPath: "\(root)/\(target)")
    }

    /// Puts back what lay in the place of a file of today; false when nothing is displaced.
    mutating func putBack(in root: String) throws -> Bool {
        guard let (path, content) = displaced else { return false }
        try content.write(to: URL(fileURLWithPath: "\(root)/\(path)"))
        displaced = nil
        return true
    }
}
