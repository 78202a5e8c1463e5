package import KeyedHashing
package import Records

/// What planning may reach of the world.
package struct PlanningWorld: Sendable {
    /// The folder that relative paths of the pipeline are resolved against.
    package var folder: String
    /// The text of `--now`; nil for the system's clock.
    package var now: String?
    /// Reads a whole small file: opt-out lists.
    package var readFile: @Sendable (String) throws -> [UInt8]
    /// Is told of what is read in other ways.
    package var noteRead: @Sendable (String) -> Void = { _ in }
    package var loadKeyFile: @Sendable (String, KeyEncoding, KeyLength) throws -> SecretKey
    /// Is told of every zone that the pipeline names.
    package var noteZone: @Sendable (ZoneTable) -> Void = { _ in }
    /// Takes the place of the opt-out list that the pipeline names; for tests of pipelines.
    package var optOuts: [UInt8]?
    /// Take the place of the reference tables that the pipeline names; for tests of pipelines. A
    /// table that is not among them has no rows.
    package var tables: [String: [UInt8]]?
    /// The directories of the environment are left alone: no state, no key store.
    package var isTrial = false

    package init(
        folder: String, now: String? = nil,
        readFile: @escaping @Sendable (String) throws -> [UInt8],
        loadKeyFile: @escaping @Sendable (String, KeyEncoding, KeyLength) throws -> SecretKey
    ) {
        self.folder = folder
        self.now = now
        self.readFile = readFile
        self.loadKeyFile = loadKeyFile
    }

    /// `path` as seen from the pipeline's folder.
    package func resolve(_ path: String) -> String {
        if path.utf8.first == UInt8(ascii: "/") || path == "-" || folder.isEmpty { return path }
        return Self.simplified("\(folder)/\(path)")
    }

    /// `path` without `.` and without `name/..`, so that messages show what people wrote.
    static func simplified(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/", omittingEmptySubsequences: true) {
            if part == "." { continue }
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else {
                parts.append(part)
            }
        }
        let joined = parts.joined(separator: "/")
        return path.utf8.first == UInt8(ascii: "/") ? "/\(joined)" : joined
    }
}

/// The declared fields while a plan is made: hands out slots.
final class FieldRegister {
    private(set) var names: [String] = []

    /// The slot of `name`, a new one if it is new.
    func slot(_ name: String) -> Int {
        if let known = names.firstIndex(of: name) { return known }
        names.append(name)
        return names.count - 1
    }
}
