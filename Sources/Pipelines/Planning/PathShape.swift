internal import FileSystem

/// All paths that a template of results, or a pattern of sources, can mean; for asking whether two
/// of them can mean the same file.
///
/// Folders that are there are known by what they are, not by what they are called: symbolic links
/// and mounts in front of the first wildcard or placeholder make no difference.
struct PathShape {
    private enum Step {
        /// One name, of any of these patterns.
        case name([GlobPattern])
        /// `**`: any number of directories without a dot in front of their names.
        case directories
        /// Any number of any names.
        case anything

        var isAnyRun: Bool { if case .name = self { false } else { true } }

        /// For a step that is any run.
        func takes(_ other: Step) -> Bool {
            guard case .directories = self, case .name(let names) = other else { return true }
            return names.contains { $0.meets(GlobPattern("*")) }
        }

        func meets(_ other: Step) -> Bool {
            guard case .name(let mine) = self, case .name(let its) = other else { return false }
            return mine.contains { name in its.contains(where: name.meets) }
        }
    }

    private let steps: [Step]
    /// The root, and the folders that the first steps lead to.
    private let folders: [FileIdentity]

    /// `steps` from the root, where the folders in front that are there have their real names.
    private init(_ steps: [Step]) {
        let names = steps.prefix { if case .name(let names) = $0 { names.isExact } else { false } }
            .map { step -> String in
                if case .name(let names) = step { names[0].literalName } else { "" }
            }
        var count = names.count
        while count > 0, !Self.isFolder("/" + names[..<count].joined(separator: "/")) { count -= 1 }
        let folder = realPath("/" + names[..<count].joined(separator: "/")) ?? "/"
        let real = folder == "/" ? names[..<count].map { $0 } : Self.names(folder)
        var folders: [FileIdentity] = []
        while folders.count <= real.count,
            let status = try? FileStatus.of("/" + real[..<folders.count].joined(separator: "/"))
        {
            folders.append(status.identity)
        }
        self.folders = folders
        self.steps = real.map { .name([GlobPattern(Self.escaped($0))]) } + steps[count...]
    }

    private static func isFolder(_ path: String) -> Bool {
        (try? FileStatus.of(path))?.kind == .directory
    }

    private static func names(_ path: String) -> [String] {
        path.split(separator: "/").map(String.init)
    }

    private static func exactly(_ path: String) -> [Step] {
        names(PlanningWorld.simplified(path)).map { .name([GlobPattern(escaped($0))]) }
    }

    /// What `pattern` finds, an absolute path with wildcards; a directory stands for all files
    /// below it, and what is there is no pattern.
    init(pattern: String) {
        let path = PlanningWorld.simplified(pattern)
        if let status = try? FileStatus.of(path) {
            let isFolder = status.kind == .directory
            let inside = isFolder ? [Step.directories, .name([GlobPattern("*")])] : []
            self.init(Self.exactly(path) + inside)
            return
        }
        var steps = path.split(separator: "/").map { part -> Step in
            part == "**" ? .directories : .name([GlobPattern(part)])
        }
        if case .directories = steps.last { steps.append(.name([GlobPattern("*")])) }
        self.init(steps)
    }

    /// What `template`, an absolute path, can become; the placeholder called `day` is a day. A part
    /// of a store has a digest in front of its extensions.
    init(_ template: PathTemplate, name: String, day: String, isPart: Bool = false) {
        let texts = [[Self.day, Self.month], ["undated", "undated"]].map { times in
            template.parts.reduce(into: "") { text, part in
                switch part {
                case .literal(let literal): text += Self.escaped(literal)
                case .placeholder("name"): text += Self.escaped(name)
                case .placeholder(day): text += times[0]
                case .placeholder("month"): text += times[1]
                case .placeholder: text += "*"
                }
            }
        }
        let paths = texts.map { text in
            var names = Self.names(PlanningWorld.simplified(text))
            if isPart, let last = names.popLast() {
                let dot = last.firstIndex(of: ".") ?? last.endIndex
                names.append(last[..<dot] + Self.digest + last[dot...])
            }
            return names
        }
        self.init(
            paths[0].indices.map { index in
                .name(Set(paths.map { $0[index] }).sorted().map { GlobPattern($0) })
            })
    }

    /// The digest in the name of a part (`PartName`).
    private static let digest = "." + String(repeating: "[0-9a-f]", count: 16)
    private static let month = "[0-9][0-9][0-9][0-9]-[0-9][0-9]"
    private static let day = month + "-[0-9][0-9]"

    /// The files so many folders below `folder`, whatever they are called.
    init(below folder: String, folders: Int) {
        let name = Step.name([GlobPattern("*"), GlobPattern(".*")])
        self.init(Self.exactly(folder) + Array(repeating: name, count: folders + 1))
    }

    /// The files in `folder` that are called by one of `patterns`.
    init(_ patterns: [String], in folder: String) {
        self.init(Self.exactly(folder) + [.name(patterns.map { GlobPattern($0) })])
    }

    /// The one file at `path`.
    init(file path: String) { self.init(Self.exactly(path)) }

    /// Everything below `folder`, and the folder itself.
    init(allBelow folder: String) { self.init(Self.exactly(folder) + [.anything]) }

    /// The pattern of this name alone.
    static func escaped(_ text: String) -> String {
        text.reduce(into: "") { escaped, character in
            if "*?[\\".contains(character) { escaped.append("\\") }
            escaped.append(character)
        }
    }

    /// True when some path may be meant by both.
    func meets(_ other: PathShape) -> Bool {
        folders.indices.contains { mine in
            other.folders.indices.contains { its in
                folders[mine] == other.folders[its]
                    && haveCommonRun(
                        Array(steps[mine...]), Array(other.steps[its...]),
                        isAnyRun: \.isAnyRun, takes: { $0.takes($1) }, { $0.meets($1) })
            }
        }
    }
}

extension [GlobPattern] {
    /// True for one name.
    fileprivate var isExact: Bool { count == 1 && !self[0].hasWildcard }
}
