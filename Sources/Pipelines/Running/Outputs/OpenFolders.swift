internal import FileSystem
internal import Ledger

/// The folders that a run writes to, the last ones used kept open: a run over a thousand sources
/// must not hold a thousand descriptors of one folder, nor one over a thousand days a thousand
/// folders.
final class OpenFolders {
    /// Tells the temporary files of the run's pipeline or state from others in the same folder.
    let mark: WriterMark
    private var known: [(path: String, directory: Directory)] = []
    private var claimed: Set<String> = []

    /// The most folders that are kept open.
    private static let foldersMax = 8

    init(mark: WriterMark) { self.mark = mark }

    /// False when the run already writes a file of this path.
    func claim(_ path: String) -> Bool {
        claimed.insert(PlanningWorld.simplified(path)).inserted
    }

    /// Lets another file of the run take the path: the one that claimed it is given up.
    func yield(_ path: String) { claimed.remove(PlanningWorld.simplified(path)) }

    /// The folder at `path`, made if it is missing.
    func open(_ path: String) throws(FileFault) -> Directory {
        if let at = known.firstIndex(where: { $0.path == path }) {
            let entry = known.remove(at: at)
            known.append(entry)
            return entry.directory
        }
        let folder = try Directory.open(path, creating: true, mode: 0o700)
        if known.count == Self.foldersMax { known.removeFirst() }
        known.append((path, folder))
        return folder
    }
}
