internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// Proves that exactly those files are there that should be, each with the bytes that were written,
/// and that state and keys are closed to others.
struct FileProof {
    private let owner: Verification
    private let known: KnownFiles
    /// Files that have to be there, by simplified path.
    private let expected: Set<String>
    /// Files that were there once and had to go.
    private let former: Set<String>

    init(_ owner: Verification, _ known: KnownFiles) {
        self.owner = owner
        self.known = known
        var expected: Set<String> = []
        for part in known.currentParts { expected.insert(Self.key(part.part.path)) }
        for partial in known.partials where partial.isKept {
            expected.insert(Self.key(partial.partial.path))
        }
        for record in known.files { expected.insert(Self.key(record.file.path)) }
        for file in known.published { expected.insert(Self.key(file.path)) }
        for list in known.lists where list.memory != nil {
            expected.insert(Self.key(TableMemory.path(of: list.name, state: owner.statePath)))
        }
        let all =
            known.parts.map(\.part.path) + known.partials.map(\.partial.path)
            + known.formerLists
        self.expected = expected
        former = Set(all.map(Self.key)).subtracting(expected)
    }

    static func key(_ path: String) -> String { PlanningWorld.simplified(path) }

    func run() throws(PipelineFailure) {
        var lines: [PartLine: [ContentIdentity]] = [:]
        for part in known.parts where part.state != .current {
            lines[PartLine(part.part), default: []].append(part.part.content)
        }
        for part in known.currentParts {
            let earlier = lines[PartLine(part.part)] ?? []
            try check(
                part.part.path, part.part.content,
                earlier: earlier.filter { $0 != part.part.content })
        }
        var seen: Set<String> = []
        for partial in known.partials
        where partial.isKept && seen.insert(partial.partial.path).inserted {
            try check(partial.partial.path, partial.partial.content)
        }
        for record in known.files {
            try check(record.file.path, record.file.content)
            checkDeadline(record.file)
        }
        for file in known.published { try check(file.path, file.content) }
        let memories = try checkMemories()
        owner.count(
            "files with the bytes that were written",
            known.currentParts.count + seen.count + known.files.count + known.published.count
                + memories
        )
        for path in former.sorted() {
            guard try isPresent(path) else { continue }
            owner.find(
                .notDeleted, path,
                "was replaced or removed, and is there again: run the pipeline, which removes it")
        }
        try FolderProof(owner, known, expected: expected, former: former).run()
        try StateFolderProof(owner, expected: expected).run()
    }

    private func check(
        _ path: String, _ content: ContentIdentity, earlier: [ContentIdentity] = []
    ) throws(PipelineFailure) {
        do throws(FileFault) {
            guard let status = try FileStatus.of(path) else {
                owner.find(.missing, path, "is not there: expected \(content.byteCount) bytes")
                return
            }
            // A part with the bytes of an earlier one of its line was restored: a run mends that.
            if earlier.contains(where: { $0.byteCount == status.byteCount }),
                earlier.contains(try ContentIdentity.ofFile(path))
            {
                owner.find(
                    .changed, path,
                    "holds what an earlier run had written, out of a backup: run the pipeline, "
                        + "which does again what was done since")
                return
            }
            guard status.kind == .regular, status.byteCount == content.byteCount else {
                owner.find(
                    .changed, path,
                    "has \(status.byteCount) bytes, expected \(content.byteCount): put back what "
                        + "the last run left there")
                return
            }
            if try ContentIdentity.ofFile(path) != content {
                owner.find(
                    .changed, path,
                    "is not what was written there: put back what the last run left there")
            }
        } catch {
            if error.cause == .interrupted { throw .storage("verify", error) }
            owner.find(.missing, path, "cannot be read: \(error)")
        }
    }

    /// What the state keeps of reference tables; the ledger knows digests, not lengths.
    private func checkMemories() throws(PipelineFailure) -> Int {
        var count = 0
        for list in known.lists {
            guard let digest = list.memory else { continue }
            count += 1
            let path = TableMemory.path(of: list.name, state: owner.statePath)
            guard let status = try? FileStatus.of(path), status.kind == .regular else {
                owner.find(.missing, path, "is not there: expected what the last run kept")
                continue
            }
            try check(path, ContentIdentity(digest: digest, byteCount: status.byteCount))
        }
        return count
    }

    private func checkDeadline(_ file: NewFile) {
        let end = file.kind == .quarantine ? owner.plan.deleteBy(list: file) : file.deleteBy
        guard let deleteBy = end, deleteBy <= owner.clock.now else { return }
        owner.find(
            .notDeleted, file.path,
            "had to be gone by \(dateText(deleteBy)): run the pipeline, which deletes it")
    }
}

/// Proves that the state folder holds what belongs there and is closed to others.
struct StateFolderProof {
    /// What may stand in a state folder besides its subfolders.
    private static let names: Set<String> = [
        Ledger.fileName, "ledger.seal", Ledger.lockName, RegistryKey.fileName,
    ]
    /// The files of a state folder, with those that are there only while somebody is at work.
    static let ownFiles =
        names.sorted() + ["journal", "wal", "shm"].map { "\(Ledger.fileName)-\($0)" }
        + [KeyRewrapping.formerName(RegistryKey.fileName), InputSpool.name]
    private static let folders: Set<String> = ["partials", "quarantine", "keys", "tables"]

    /// True for what this proof holds to more than that not everybody can change it: files of the
    /// folder `state` itself, its own folders and what lies in them; not for results below.
    static func looks(at path: String, _ status: FileStatus, state: String) -> Bool {
        guard path.hasPrefix("\(state)/") else { return false }
        let names = path.dropFirst(state.utf8.count + 1).split(separator: "/")
        switch names.count {
        case 1: return status.kind != .directory || folders.contains(String(names[0]))
        case 2: return folders.contains(String(names[0]))
        default: return false
        }
    }

    private let owner: Verification
    private let expected: Set<String>

    init(_ owner: Verification, expected: Set<String>) {
        self.owner = owner
        self.expected = expected
    }

    func run() throws(PipelineFailure) {
        let state = owner.statePath
        try checkFolder(state)
        var files = 0
        for name in try names(state) {
            let path = "\(state)/\(name)"
            if Self.folders.contains(name) {
                try checkFolder(path)
                for inner in try names(path) {
                    files += 1
                    try checkMode("\(path)/\(inner)", 0o077, "0600")
                }
                continue
            }
            if holdsResults(path) { continue }
            files += 1
            try checkMode(path, 0o077, "0600")
            if !Self.names.contains(name), !isOwnKeyStore(path),
                !expected.contains(FileProof.key(path))
            {
                tellUnknown(path, name)
            }
        }
        if let keys = owner.plan.keyStore, try isPresent(keys) {
            try checkFolder(keys)
            for name in try names(keys) {
                files += 1
                try checkMode("\(keys)/\(name)", 0o077, "0600")
            }
        }
        files += try checkQuarantine()
        owner.count("files of state and keys that only their owner can open", files)
    }

    /// The folder of lists of quarantine on a path of their own, as `FileProof` has paths; nil
    /// where they lie in the state.
    static func quarantine(_ owner: Verification) -> String? {
        let standard = FileProof.key("\(owner.statePath)/quarantine")
        return owner.plan.quarantine.path.map(FileProof.key).flatMap { $0 == standard ? nil : $0 }
    }

    /// Lists on a path of their own may hold raw lines as those in the state do.
    private func checkQuarantine() throws(PipelineFailure) -> Int {
        guard let folder = Self.quarantine(owner), try isPresent(folder) else { return 0 }
        let lists = try names(folder).filter { QuarantineFile.writer(of: $0, owner.plan) == .own }
        guard !lists.isEmpty else { return 0 }
        try checkFolder(folder)
        for list in lists { try checkMode("\(folder)/\(list)", 0o077, "0600") }
        return lists.count
    }

    /// True for a folder of results, which may lie below the state and be open to their readers.
    private func holdsResults(_ path: String) -> Bool {
        let plan = owner.plan
        let publish = [
            plan.publish?.folder, plan.publish?.provisional, plan.publish?.forCustomers?.folder,
        ]
        let folders = plan.outputs.map(\.path.fixedFolder)
            + plan.tables.flatMap { $0.paths.map(\.path.fixedFolder) }
            + (publish + [plan.quarantine.path]).compactMap { $0 }
        let start = FileProof.key(path)
        return folders.map(FileProof.key).contains { $0 == start || $0.hasPrefix("\(start)/") }
    }

    private func isOwnKeyStore(_ path: String) -> Bool {
        owner.plan.keyStore.map { FileProof.key($0) == FileProof.key(path) } ?? false
    }

    private func tellUnknown(_ path: String, _ name: String) {
        if name == KeyRewrapping.formerName(RegistryKey.fileName) {
            return owner.find(
                .unfinished, path,
                "may hold the key of the registry as it was before `keys rewrap`, which was "
                    + "killed: run the pipeline, which overwrites it")
        }
        let isOurs = TemporaryName.run(of: name.utf8) != nil || name == InputSpool.name
            || name.hasPrefix(Ledger.fileName)
        owner.find(
            isOurs ? .unfinished : .unknownFile, path,
            isOurs
                ? "was left by a run that was killed: run the pipeline, which clears it"
                : "does not belong to a state folder")
    }

    private func names(_ path: String) throws(PipelineFailure) -> [String] {
        do { return try Directory.open(path).names() } catch {
            throw .storage("cannot list \(path): \(error)")
        }
    }

    private func checkFolder(_ path: String) throws(PipelineFailure) {
        try checkMode(path, 0o077, "0700")
    }

    private func checkMode(
        _ path: String,
        _ forbidden: UInt32,
        _ wanted: String
    ) throws(PipelineFailure) {
        // The folder around may be closed to a confined process.
        let found: FileStatus?
        do throws(FileFault) {
            if try FileStatus.isLink(path) {
                owner.find(.exposed, path, "is a symbolic link: expected what it leads to")
                return
            }
            found = try FileStatus.of(path)
        } catch { throw .storage("cannot look at \(path)", error) }
        guard let status = found else { return }
        if status.permissions & forbidden != 0 {
            owner.find(.exposed, path, "is open to others: expected mode \(wanted)")
        }
        if status.owner != ownUser() {
            owner.find(.exposed, path, "belongs to another user")
        }
    }
}
