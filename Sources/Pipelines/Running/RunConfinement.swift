internal import FileSystem
private import KeyedHashing
internal import Ledger

/// The places that a run is about: everything else is closed to it before it reads a record.
struct RunConfinement {
    let plan: Plan
    private var places = Confinement.Places()

    /// `sources` are the files that the patterns of the plan mean, `writes` folders that are
    /// written to besides its own.
    init(_ plan: Plan, sources: [String], writes: [String]) {
        self.plan = plan
        places.written += writes
        addSources(sources)
        let outputs = plan.outputs.map(\.path) + plan.tables.flatMap { $0.paths.map(\.path) }
        for path in outputs where !path.isStandardOutput {
            places.written.append(path.fixedFolder)
        }
        for terms in plan.outputs.compactMap(\.termsPath) {
            places.written.append(splitPath(terms).directory)
        }
        places.written += [
            plan.state, plan.keyStore, plan.quarantine.path, plan.publish?.folder,
            plan.publish?.provisional, plan.publish?.forCustomers?.folder,
        ].compactMap { $0 }
        for pattern in plan.store?.files ?? [] {
            places.written.append(Self.fixedFolder(ofPattern: pattern))
        }
    }

    /// The places of one part of a run that is dealt out to tasks: the folder `work` of its plan,
    /// the keys, and the files at `sources`. No output is open to it.
    init(partOf plan: Plan, work: String, sources: [String] = []) {
        self.plan = plan
        places.written = [work, plan.keyStore].compactMap { $0 }
        addSources(sources)
    }

    /// The places of a command that works on what runs have written: theirs, the lists, and
    /// besides the files that it reads and the folders that it writes to.
    ///
    /// Nothing is changed, in the key store neither. What ledger and key store cannot tell stays
    /// closed: whoever needs it says why. So do the sources where `readsSources` is false.
    init(
        _ plan: Plan, _ ledger: Ledger?, reading files: [String] = [],
        writing folders: [String] = [], readsSources: Bool = true
    ) {
        // What a command reads it may list again, to know what a run is still going to take in.
        let sources = readsSources ? plan.sources.filter { $0 != "-" } : []
        let found = (try? presentFiles(sources)) ?? []
        self.init(plan, sources: files + found, writes: folders)
        if readsSources { places.read += Self.sourceFolders(of: plan) }
        if let holds = plan.holds { places.read.append(holds) }
        places.written += (try? ledger?.partFolders()) ?? []
        // What a backup brought back there is taken away again. In place of one that is missing the
        // folder above it would be open.
        var former = (try? ledger?.formerPartFolders()) ?? []
        former += (try? ledger?.fileFolders()) ?? []
        places.written += former.filter { (try? FileStatus.of($0))?.kind == .directory }
        places.written += (try? ledger?.publications().map(\.folder)) ?? []
        guard let keys = plan.keyStore,
            let store = try? KeyStore.inspect(path: keys, wrapping: plan.loadWrapping()).store
        else { return }
        places.read += (try? store.registeredStates()) ?? []
    }

    /// The innermost folders that are the same for all sources a pattern can mean.
    static func sourceFolders(of plan: Plan) -> [String] {
        plan.sources.filter { $0 != "-" }.map(fixedFolder(ofPattern:))
    }

    /// Adds what only the state knows: where earlier runs wrote, and who else uses the keys.
    mutating func add(_ ledger: Ledger, keys: RunRing?) throws(PipelineFailure) {
        let files: [String]
        do {
            places.written += try ledger.partFolders()
            files = try ledger.fileFolders()
        } catch { throw .storage("cannot read the ledger: \(error.description)") }
        // A list of quarantine that lies where none is written any more is still to be deleted, and
        // so are terms of an output that is not shared any more. In place of a folder that is
        // missing the one above it would be open.
        places.written += files.filter { (try? FileStatus.of($0))?.kind == .directory }
        do { places.read += try keys?.store?.registeredStates() ?? [] } catch {
            throw .keys("\(error)")
        }
    }

    /// Confines the process, and says to what.
    func enter() -> String {
        // Kept once it is read, from a place that is about to be closed. Who needs it is told why
        // it is not to be had.
        if plan.keyStore != nil { _ = try? plan.loadWrapping() }
        return Confinement.enter(places).words
    }

    /// The folders of the sources. A symbolic link leads elsewhere: it is followed now.
    private mutating func addSources(_ sources: [String]) {
        var folders: Set<[UInt8]> = []
        for path in sources where path != "-" {
            let folder = splitPath(path).directory
            if folders.insert(Array(folder.utf8)).inserted { places.read.append(folder) }
            if (try? FileStatus.isLink(path)) ?? true { places.read.append(path) }
        }
    }

    /// The innermost folder of a pattern of files that is the same for every match.
    private static func fixedFolder(ofPattern pattern: String) -> String {
        if (try? FileStatus.of(pattern))?.kind == .directory { return pattern }
        guard let wild = pattern.utf8.firstIndex(where: { "*?[".utf8.contains($0) }) else {
            return splitPath(pattern).directory
        }
        return splitPath(String(pattern[..<wild]) + "x").directory
    }
}
