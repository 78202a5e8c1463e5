private import Glibc

/// Finds the files that the sources of a pipeline or of a command line name.
package enum SourceListing {
    /// The most files one listing may give.
    package static let filesMax = 1_000_000

    /// Resolves each pattern, and returns all files in the order of the bytes of their paths, each
    /// file once.
    ///
    /// - A path that exists is taken as it is: a file, a named pipe, a device, or a directory,
    ///   which stands for all regular files below it, those with a dotted name in their path
    ///   below it left out.
    /// - Anything else with `*`, `?` or `[` is a pattern: it matches regular files, component by
    ///   component (`GlobPattern`); `**` alone as a component stands for any number of directories.
    ///
    /// Searches do not enter symbolic links to directories; links to files count as files. Two
    /// paths of one regular file give the first of them. A pattern or directory without a file is
    /// the fault `no-match`, a missing path `ENOENT`. With `refusingLinks` a symbolic link that a
    /// search meets, to a matching file or to a directory, is a fault: what it leads to would be
    /// passed over, or taken for something else. `passingOver` is then told each path that a
    /// search leaves out because its name begins with a dot: files that would match without it,
    /// and folders that would be searched.
    ///
    /// With `allowingNone` a pattern may mean no file. With `amongStrangers`, for folders that
    /// others may put things into, names that are not UTF-8, links that cannot be followed and
    /// closed folders of others are left out.
    package static func expand(
        patterns: [String], filesMax: Int = filesMax, refusingLinks: Bool = false,
        allowingNone: Bool = false, amongStrangers: Bool = false,
        passingOver: (String) -> Void = { _ in }
    ) throws(FileFault) -> [String] {
        var found: [[UInt8]] = []
        for pattern in patterns {
            var search = Search(
                pattern: pattern, filesMax: filesMax, refusesLinks: refusingLinks,
                isAmongStrangers: amongStrangers)
            do { try search.run() } catch {
                guard allowingNone, error.errorNumber == ENOENT else { throw error }
            }
            for path in search.passedOver { passingOver(path) }
            guard allowingNone || !search.found.isEmpty else {
                throw FileFault(.resolve, .noMatch, path: pattern)
            }
            found += search.found.map { Array($0.utf8) }
        }
        var seen = Set<FileIdentity>()
        var last: [UInt8]?
        var paths: [String] = []
        for bytes in found.sorted(by: { $0.lexicographicallyPrecedes($1) }) where bytes != last {
            last = bytes
            let path = String(decoding: bytes, as: UTF8.self)
            if let status = try FileStatus.of(path), status.kind == .regular,
                !seen.insert(status.identity).inserted
            {
                continue
            }
            paths.append(path)
        }
        guard paths.count <= filesMax else {
            throw FileFault(
                .resolve, .tooManyFiles(limit: filesMax), path: patterns.first ?? "")
        }
        return paths
    }

    /// The folders that are searched for the files of `pattern`, each once; that of a path without
    /// wildcards whether or not it is there.
    package static func folders(searchedFor pattern: String) throws(FileFault) -> [String] {
        var search = Search(pattern: pattern)
        do { try search.run() } catch {
            guard error.errorNumber == ENOENT else { throw error }
        }
        return search.folders
    }
}

/// The search for the files of one pattern.
private struct Search {
    let pattern: String
    let filesMax: Int
    let refusesLinks: Bool
    let isAmongStrangers: Bool
    var found: [String] = []
    var passedOver: [String] = []
    /// Where the last component of the pattern was looked for.
    var folders: [String] = []

    init(
        pattern: String, filesMax: Int = SourceListing.filesMax, refusesLinks: Bool = false,
        isAmongStrangers: Bool = false
    ) {
        self.refusesLinks = refusesLinks
        self.isAmongStrangers = isAmongStrangers
        self.pattern = pattern
        self.filesMax = filesMax
    }

    mutating func run() throws(FileFault) {
        guard !pattern.utf8.isEmpty else { throw FileFault(.resolve, .unusableName, path: pattern) }
        if let status = try FileStatus.of(pattern) {
            if status.kind == .directory {
                try walk([.directories, .pattern(GlobPattern("*"))], from: pattern)
            } else {
                found = [pattern]
                folders = [splitPath(pattern).directory]
            }
            return
        }
        let steps = Self.steps(of: pattern)
        guard steps.contains(where: \.isSearch) else {
            folders = [splitPath(pattern).directory]
            throw FileFault(.resolve, errno: ENOENT, path: pattern)
        }
        try walk(steps, from: pattern.utf8.first == UInt8(ascii: "/") ? "/" : "")
    }

    /// One component of the pattern.
    private enum Step {
        /// A name that stands for itself, also `.` and `..`.
        case name(String)
        case pattern(GlobPattern)
        /// `**`: any number of directories.
        case directories

        var isSearch: Bool {
            if case .name = self { false } else { true }
        }
    }

    private static func steps(of pattern: String) -> [Step] {
        var steps: [Step] = []
        for part in pattern.utf8.split(separator: UInt8(ascii: "/")) {
            let text = String(decoding: Array(part), as: UTF8.self)
            let glob = GlobPattern(text)
            if part.elementsEqual("**".utf8) {
                if case .directories = steps.last { continue }
                steps.append(.directories)
            } else {
                steps.append(glob.hasWildcard ? .pattern(glob) : .name(glob.literalName))
            }
        }
        // A pattern that ends in `**` means every file below.
        if case .directories = steps.last { steps.append(.pattern(GlobPattern("*"))) }
        return steps
    }

    /// Takes the steps one by one; `open` holds places that still have steps before them, at most
    /// once each, so that the work is bounded by directories times steps.
    private mutating func walk(_ steps: [Step], from start: String) throws(FileFault) {
        var open = [(path: start, step: 0)]
        var visited = Set<[UInt8]>()
        while let (path, index) = open.popLast() {
            guard visited.insert(Array("\(index):\(path)".utf8)).inserted else { continue }
            let isLast = index == steps.count - 1
            if isLast { folders.append(path.isEmpty ? "." : path) }
            switch steps[index] {
            case .name(let name):
                let next = Self.join(path, name)
                guard let kind = try Self.kind(of: next) else { continue }
                if isLast, kind != .directory {
                    try take(next)
                } else if !isLast, kind == .directory {
                    open.append((next, index + 1))
                }
            case .pattern(let glob):
                for name in try names(
                    in: path, matching: glob, wanting: isLast ? .regular : .directory)
                {
                    let next = Self.join(path, name)
                    try refuseLink(next)
                    guard let kind = try kind(ofFound: next) else { continue }
                    if isLast, kind == .regular {
                        try take(next)
                    } else if !isLast, kind == .directory {
                        open.append((next, index + 1))
                    }
                }
            case .directories:
                open.append((path, index + 1))
                for name in try names(
                    in: path, matching: GlobPattern("*"), wanting: .directory)
                {
                    let next = Self.join(path, name)
                    if try Self.isRealDirectory(next) {
                        open.append((next, index))
                    } else if try kind(ofFound: next) == .directory {
                        try refuseLink(next)
                    }
                }
            }
        }
    }

    private func refuseLink(_ path: String) throws(FileFault) {
        guard refusesLinks, try Self.ownKind(of: path) == .symbolicLink else { return }
        throw FileFault(.open, .symbolicLink, path: path)
    }

    private mutating func take(_ path: String) throws(FileFault) {
        guard found.count < filesMax else {
            throw FileFault(.resolve, .tooManyFiles(limit: filesMax), path: pattern)
        }
        found.append(path)
    }

    /// The names in the folder `path` that `glob` matches. Notes those of `kind` that it passes
    /// over for the dot in front of them.
    private mutating func names(
        in path: String, matching glob: GlobPattern, wanting kind: FileStatus.Kind
    ) throws(FileFault) -> [String] {
        var names: [String] = []
        for bytes in try nameBytes(in: path.isEmpty ? "." : path) {
            guard glob.matches(String(decoding: bytes, as: UTF8.self)) else {
                if refusesLinks { try notePassedOver(bytes, in: path, glob, kind) }
                continue
            }
            guard let name = String(validating: bytes, as: UTF8.self) else {
                if isAmongStrangers { continue }
                throw FileFault(.list, .unusableName, path: path.isEmpty ? "." : path)
            }
            names.append(name)
        }
        return names
    }

    /// The names in the folder at `path`; none when it has just gone away: the search goes on
    /// elsewhere.
    private func nameBytes(in path: String) throws(FileFault) -> [[UInt8]] {
        do { return try Directory.open(path).nameBytes() } catch {
            if error.errorNumber == ENOENT { return [] }
            guard isAmongStrangers, error.errorNumber == EACCES,
                let owner = try FileStatus.of(path)?.owner, owner != geteuid()
            else { throw error }
            return []
        }
    }

    private mutating func notePassedOver(
        _ bytes: [UInt8], in path: String, _ glob: GlobPattern, _ kind: FileStatus.Kind
    ) throws(FileFault) {
        let bare = bytes.drop { $0 == UInt8(ascii: ".") }
        guard bare.count < bytes.count, !bare.isEmpty,
            glob.matches(String(decoding: bare, as: UTF8.self))
        else { return }
        let place = Self.join(path, String(decoding: bytes, as: UTF8.self))
        if try Self.ownKind(of: place) == kind { passedOver.append(place) }
    }

    /// The kind of what `path` leads to; nil for a dangling link and what has just gone away.
    private static func kind(of path: String) throws(FileFault) -> FileStatus.Kind? {
        try FileStatus.of(path)?.kind
    }

    /// The same for a name that a search has met: strangers may have put a link there.
    private func kind(ofFound path: String) throws(FileFault) -> FileStatus.Kind? {
        do { return try Self.kind(of: path) } catch {
            guard isAmongStrangers, try Self.ownKind(of: path) == .symbolicLink else { throw error }
            return nil
        }
    }

    private static func isRealDirectory(_ path: String) throws(FileFault) -> Bool {
        try ownKind(of: path) == .directory
    }

    /// The kind of what `path` itself is, a symbolic link for one.
    private static func ownKind(of path: String) throws(FileFault) -> FileStatus.Kind? {
        try FileStatus.at(AT_FDCWD, path, flags: AT_SYMLINK_NOFOLLOW, shownPath: path)?.kind
    }

    private static func join(_ path: String, _ name: String) -> String {
        if path.isEmpty { return name }
        return path.utf8.last == UInt8(ascii: "/") ? path + name : "\(path)/\(name)"
    }
}
