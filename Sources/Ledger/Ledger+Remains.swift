import FileSystem
import KeyedHashing

/// A state folder is made by its ledger: whatever else stands in it came later. When the ledger is
/// gone and something of the rest is there, nobody began anew: the ledger was lost, and with it
/// what was counted, who opted out and who was erased.
extension Ledger {
    /// What a ledger leaves beside itself; a folder counts when something is in it.
    private static let besides = [
        LedgerSeal.fileName, RegistryKey.fileName, "keys", "partials", "quarantine", "tables",
    ]

    /// True when a state folder has its ledger, false when it was never used. Throws `lost` when
    /// the ledger is gone and the rest of the state is not. Changes nothing.
    package static func isPresent(stateDirectory path: String) throws(LedgerFault) -> Bool {
        let remains: [String]
        do throws(FileFault) {
            guard try FileStatus.of(path) != nil else { return false }
            let directory = try Directory.open(path)
            // A run that was killed while it made the ledger leaves an empty file.
            if let status = try directory.status(of: fileName), status.byteCount > 0 {
                return true
            }
            remains = try Self.remains(in: directory)
        } catch { throw .file(error) }
        if remains.isEmpty { return false }
        throw .lost(path: "\(path)/\(fileName)", remains: remains)
    }

    /// Refuses a state folder that has lost its ledger.
    static func refuseLost(in directory: Directory) throws(LedgerFault) {
        _ = try isPresent(stateDirectory: directory.path)
    }

    private static func remains(in directory: Directory) throws(FileFault) -> [String] {
        var found: [String] = []
        for name in besides {
            guard let status = try directory.status(of: name) else { continue }
            guard status.kind == .directory else {
                found.append(name)
                continue
            }
            let inner = try Directory.open(directory.path(of: name)).names()
            if !inner.isEmpty { found.append("\(name)/") }
        }
        return found
    }
}
