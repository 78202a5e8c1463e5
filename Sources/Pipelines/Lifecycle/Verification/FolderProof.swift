internal import FileSystem
internal import Ledger

/// Proves that nothing but known files lies where results lie or lay, however deep, and that
/// nobody but owner and group can change them.
struct FolderProof {
    private let owner: Verification
    /// Files that have to be there, by simplified path.
    private let expected: Set<String>
    /// Files that had to go: `FileProof` tells of them.
    private let former: Set<String>
    private let roots: Set<String>
    /// Folders with a proof of their own.
    private let apart: Set<String>
    /// The folder of lists of quarantine, where `StateFolderProof` looks at more than this.
    private let quarantine: String?

    init(
        _ owner: Verification, _ known: KnownFiles, expected: Set<String>, former: Set<String>
    ) throws(PipelineFailure) {
        self.owner = owner
        self.expected = expected
        self.former = former
        let files =
            known.parts.map(\.part.path) + known.partials.map(\.partial.path)
            + known.files.filter { $0.file.kind != .table }.map(\.file.path)
        var roots = files.filter { $0 != "-" }.map { splitPath($0).directory }
        roots += known.publications.map(\.folder)
        roots += ["partials", "quarantine", "tables"].map { "\(owner.statePath)/\($0)" }
        for output in owner.plan.outputs {
            roots += try RunLeftovers.folders(of: output.path, output.name)
        }
        let publish = owner.plan.publish
        roots += [publish?.folder, publish?.provisional, publish?.forCustomers?.folder]
            .compactMap { $0 }
        self.roots = Set(roots.map(FileProof.key))
        let keys = [owner.plan.keyStore].compactMap { $0 }
        apart = Set(([owner.statePath] + keys).map(FileProof.key))
        quarantine = StateFolderProof.quarantine(owner)
    }

    func run() throws(PipelineFailure) {
        var waiting: [String] = []
        for root in roots.sorted() {
            if try isPresent(root) { waiting.append(root) }
        }
        var seen = Set(waiting)
        while let folder = waiting.popLast() {
            for inner in look(into: folder) where seen.insert(inner).inserted {
                waiting.append(inner)
            }
        }
        owner.count("folders without unknown files", seen.count)
    }

    /// Tells of what does not belong into `folder`; returns the folders in it that are to be looked
    /// into as well.
    private func look(into folder: String) -> [String] {
        var inner: [String] = []
        do throws(FileFault) {
            let directory = try Directory.open(folder)
            checkMode(folder, try directory.status())
            for name in try directory.names() {
                let path = folder == "/" ? "/\(name)" : "\(folder)/\(name)"
                guard let status = try directory.status(of: name) else { continue }
                if status.kind == .directory {
                    if !apart.contains(path) { inner.append(path) }
                } else if expected.contains(path) {
                    checkMode(path, status)
                } else if !former.contains(path) {
                    tell(stranger: path, name)
                }
            }
        } catch {
            owner.find(.unknownFile, folder, "cannot be listed: \(error)")
        }
        return inner
    }

    private func tell(stranger path: String, _ name: String) {
        guard TemporaryName.run(of: name.utf8) == nil else {
            owner.find(
                .unfinished, path,
                "was left by a run that was killed: run the pipeline, which clears or finishes it")
            return
        }
        owner.find(
            .unknownFile, path,
            "is not known to the ledger, expected only files of runs: find out whose it is, and "
                + "move it away")
    }

    /// What everybody can write to proves nothing about who wrote it.
    private func checkMode(_ path: String, _ status: FileStatus) {
        guard status.kind != .symbolicLink, status.permissions & 0o002 != 0,
            !StateFolderProof.looks(at: path, status, state: FileProof.key(owner.statePath)),
            path != quarantine, splitPath(path).directory != quarantine
        else { return }
        owner.find(
            .exposed, path,
            "can be changed by everybody: expected no right to write for others (`chmod o-w`)")
    }
}
