import FileSystem

/// How the ledger writes paths down, so that a project can be copied or moved with its state.
///
/// What lies in the folder that the pipeline and its state have in common (`home`) is written from
/// the state folder, as `./../out/2026-03-01.jsonl`; it is found again wherever both lie. Anything
/// else, and everything while there is no such folder, stays as it was given.
struct StoredPaths: Sendable {
    /// What a path begins with that is written from the state folder.
    private static let mark = "./"

    /// The names that lead from the root to the state folder.
    private let state: [Substring]
    /// How many of them lead to the common folder; nil when nothing moves with the state.
    private let homeDepth: Int?

    /// Paths for the ledger in the folder `state`; `home` is nil when only reading.
    init(state: String, home: String? = nil) {
        let own = Self.steps(state)
        let shared = home.map(Self.steps) ?? []
        let isAbsolute = state.utf8.first == UInt8(ascii: "/")
        self.state = own
        homeDepth =
            isAbsolute && !shared.isEmpty && Self.begins(own, with: shared) ? shared.count : nil
    }

    /// What the ledger keeps for `path`.
    func stored(_ path: String) -> String {
        guard let homeDepth, path.utf8.first == UInt8(ascii: "/") else { return path }
        let steps = Self.steps(path)
        guard Self.begins(steps, with: Array(state[..<homeDepth])) else { return path }
        var shared = homeDepth
        while shared < min(steps.count, state.count), state[shared] == steps[shared] { shared += 1 }
        let up = Array(repeating: Substring(".."), count: state.count - shared)
        return Self.mark + (up + steps[shared...]).joined(separator: "/")
    }

    /// The path that `stored` means now.
    func absolute(_ stored: String) -> String {
        guard stored.utf8.starts(with: Self.mark.utf8) else { return stored }
        return "/" + Self.steps("/\(state.joined(separator: "/"))/\(stored)").joined(separator: "/")
    }

    /// Everything that may stand in the ledger for `path`: an earlier pipeline file may have had
    /// another common folder.
    func forms(_ path: String) -> Set<String> {
        let own = stored(path)
        let whole = absolute(own)
        let widest = StoredPaths(state: "/\(state.joined(separator: "/"))", home: Self.root(whole))
        return [path, own, whole, widest.stored(whole)]
    }

    /// The outermost folder that `path` lies in.
    private static func root(_ path: String) -> String {
        steps(path).first.map { "/\($0)" } ?? "/"
    }

    private static func begins(_ steps: [Substring], with start: [Substring]) -> Bool {
        steps.count >= start.count && zip(steps, start).allSatisfy { $0 == $1 }
    }

    /// The names of `path` without `.`, each `..` taken with the name before it.
    private static func steps(_ path: String) -> [Substring] {
        var steps: [Substring] = []
        for step in path.split(separator: "/") where step != "." {
            if step == "..", let last = steps.last, last != ".." {
                steps.removeLast()
            } else {
                steps.append(step)
            }
        }
        return steps
    }
}
