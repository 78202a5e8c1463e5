internal import FileSystem

/// All paths that a template of results, or a pattern of sources, can mean; for asking whether two
/// of them can mean the same file.
struct PathShape {
    private enum Step {
        case name(GlobPattern)
        /// `**`: any number of directories.
        case directories

        /// Nil for directories.
        var name: GlobPattern? {
            if case .name(let name) = self { name } else { nil }
        }
    }

    private let steps: [Step]

    /// What `pattern` finds, an absolute path with wildcards; a directory stands for all files
    /// below it.
    init(pattern: String) {
        let path = PlanningWorld.simplified(pattern)
        var steps = path.split(separator: "/").map { part -> Step in
            part == "**" ? .directories : .name(GlobPattern(part))
        }
        let isFolder = (try? FileStatus.of(path))?.kind == .directory
        if isFolder { steps.append(.directories) }
        if case .directories = steps.last { steps.append(.name(GlobPattern("*"))) }
        self.steps = steps
    }

    /// What `template`, an absolute path, can become. A part of a store has a digest in front of
    /// its extensions.
    init(_ template: PathTemplate, name: String, isPart: Bool = false) {
        var text = ""
        for part in template.parts {
            switch part {
            case .literal(let literal): text += Self.escaped(literal)
            case .placeholder("name"): text += Self.escaped(name)
            // A day or a month, or `undated`.
            case .placeholder("date"), .placeholder("month"): text += "[u0-9]*"
            case .placeholder: text += "*"
            }
        }
        var names = PlanningWorld.simplified(text).split(separator: "/").map(String.init)
        if isPart, let last = names.popLast() {
            let digest = "." + String(repeating: "?", count: 12)
            let dot = last.firstIndex(of: ".") ?? last.endIndex
            names.append(last[..<dot] + digest + last[dot...])
        }
        steps = names.map { .name(GlobPattern($0)) }
    }

    /// The files so many folders below `folder`.
    init(below folder: String, folders: Int) {
        let names = Array(repeating: Step.name(GlobPattern("*")), count: folders + 1)
        steps = Self(file: folder).steps + names
    }

    /// The one file at `path`.
    init(file path: String) {
        let names = PlanningWorld.simplified(path).split(separator: "/").map(String.init)
        steps = names.map { .name(GlobPattern(Self.escaped($0))) }
    }

    /// Everything below `folder`, and the folder itself.
    init(allBelow folder: String) {
        steps = Self(file: folder).steps + [.directories]
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { escaped, character in
            if "*?[\\".contains(character) { escaped.append("\\") }
            escaped.append(character)
        }
    }

    /// True when some path may be meant by both.
    func meets(_ other: PathShape) -> Bool {
        haveCommonRun(steps, other.steps, isAnyRun: { $0.name == nil }) { mine, its in
            guard let mine = mine.name, let its = its.name else { return false }
            return mine.meets(its)
        }
    }
}
