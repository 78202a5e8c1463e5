internal import FileSystem
private import Glibc

/// Removes what killed runs of the same writer left under temporary names in the folders that a
/// plan writes to.
///
/// Such a file can be full of readable records. Files of other writers (another pipeline, another
/// state) carry another mark and are left alone, so pipelines may share a folder.
struct RunLeftovers {
    let plan: Plan
    /// The marks of the writer: that of the plan, and those it had where it lay before.
    let marks: [WriterMark]

    init(plan: Plan, marks: [WriterMark] = []) {
        self.plan = plan
        self.marks = marks.isEmpty ? [plan.mark] : marks
    }

    /// Clears the folders of the plan's outputs and tables, whatever stands in their placeholders,
    /// and `further` ones; in `stores` those that were made for other users too.
    func remove(further: [String] = [], stores: [String] = []) throws(PipelineFailure) {
        var shown: [String: String] = [:]
        for folder in stores where geteuid() == 0 {
            try inside((folder, folder)) { directory throws(FileFault) in
                for mark in marks {
                    let living = try DurableFile.livingRuns(in: directory, of: mark)
                    _ = try DurableFile.removeLeftovers(
                        in: directory, of: mark, living: living, forOthers: true)
                }
            }
        }
        for folder in further + stores + [plan.quarantine.path].compactMap({ $0 }) {
            shown[folder] = folder
        }
        let published = [plan.publish?.folder, plan.publish?.provisional].compactMap { $0 }
        let customers = try Self.publications(
            in: [plan.publish?.forCustomers?.folder].compactMap { $0 })
        for folder in try Self.publications(in: published + customers) {
            shown[folder] = folder
        }
        for terms in plan.outputs.compactMap(\.termsPath) {
            let folder = splitPath(terms).directory
            shown[folder] = folder
        }
        let paths =
            plan.outputs.map { ($0.path, $0.name) }
            + plan.tables.flatMap { table in table.paths.map { ($0.path, table.name) } }
        for (path, name) in paths {
            for folder in try Self.folders(of: path, name) where shown[folder] == nil {
                shown[folder] = splitPath(path.text).directory
            }
        }
        try clear(shown.sorted { $0.key < $1.key }.map { (path: $0.key, shown: $0.value) })
    }

    /// `shown` is what messages call a folder: its template, where its path has values in it.
    private func clear(
        _ folders: [(path: String, shown: String)]
    ) throws(PipelineFailure) {
        var living: Set<[UInt8]> = []
        for folder in folders {
            try inside(folder) { directory throws(FileFault) in
                for mark in marks {
                    living.formUnion(try DurableFile.livingRuns(in: directory, of: mark))
                }
            }
        }
        for folder in folders {
            try inside(folder) { directory throws(FileFault) in
                for mark in marks {
                    _ = try DurableFile.removeLeftovers(
                        in: directory, of: mark, living: living)
                }
            }
        }
    }

    private func inside(
        _ folder: (path: String, shown: String), _ work: (Directory) throws(FileFault) -> Void
    ) throws(PipelineFailure) {
        guard let present = try presentStatus(of: folder.path), present.kind == .directory
        else { return }
        do throws(FileFault) {
            try work(Directory.open(folder.path, creating: false, mode: 0o700))
        } catch {
            throw .storage("cannot clear \(folder.shown): \(error.reason)")
        }
    }

    /// The folders of publications, finished or not.
    private static func publications(
        in folders: [String]
    ) throws(PipelineFailure) -> [String] {
        var found: [String] = []
        for folder in folders {
            do { found += try presentFolders(in: folder).map { "\(folder)/\($0)" } } catch {
                throw .storage("cannot list \(folder)", error)
            }
        }
        return found
    }

    /// The folders that exist for `path`; none for standard output.
    static func folders(
        of path: PathTemplate, _ name: String
    ) throws(PipelineFailure) -> [String] {
        if path.isStandardOutput { return [] }
        let folder = splitPath(path.text).directory
        var found = [folder.utf8.first == UInt8(ascii: "/") ? "/" : "."]
        for step in folder.split(separator: "/") where step != "." {
            guard let template = PathTemplate(String(step)) else { return [] }
            do throws(FileFault) {
                var inner: [String] = []
                for outer in found { inner += try below(outer, template, name) }
                found = inner
            } catch { throw .storage("cannot list the folders of \(path.text)", error) }
        }
        return found
    }

    /// What `step` can be in `folder`: one name, or all directories that fit around placeholders.
    private static func below(
        _ folder: String, _ step: PathTemplate, _ name: String
    ) throws(FileFault) -> [String] {
        func path(_ last: String) -> String {
            folder == "." ? last : folder == "/" ? "/\(last)" : "\(folder)/\(last)"
        }
        guard step.placeholders.contains(where: { $0 != "name" }) else {
            let fixed = step.parts.map { part in
                if case .literal(let text) = part { text } else { name }
            }
            return [path(fixed.joined())]
        }
        var before = ""
        if case .literal(let text) = step.parts.first { before = text }
        var behind = ""
        if case .literal(let text) = step.parts.last { behind = text }
        return try presentFolders(in: folder)
            .filter { $0.hasPrefix(before) && $0.hasSuffix(behind) }.map(path)
    }
}
