import Foundation
import KeyedHashing
import Pipelines
import Records
import TestSupport

/// The keys of a world: made, shared, lost to a backup, destroyed and sealed anew.
extension HistoryWorld {
    /// Makes the keys that a run is going to need, so that two worlds can share them.
    func makeKeys(_ months: Set<String>) throws {
        for folder in Self.keyFolders {
            let store = try KeyStore.open(
                path: "\(path)/\(folder)", zone: "Europe/Amsterdam", creatingIfMissing: true,
                wrapping: folder == "keys-w" ? try WrappingKey.load(.credential(wrappingKey)) : nil)
            for month in months.compactMap({ CalendarMonth(text: $0) }) {
                _ = try store.key(for: month, creatingIfMissing: true)
            }
        }
    }

    /// Takes over every key that the other world has and this one never had.
    func takeKeys(of other: HistoryWorld) throws {
        for folder in Self.keyFolders {
            for name in try other.keyFolders(folder) { try take(name, of: other) }
        }
        for state in Self.stateFolders { try take("\(state)/registry.key", of: other) }
    }

    private func keyFolders(_ folder: String) throws -> [String] {
        try keyFiles(folder).filter { $0.hasSuffix(".key") }.map { "\(folder)/\($0)" }
    }

    private func take(_ name: String, of other: HistoryWorld) throws {
        let tombstone = name.replacingOccurrences(of: ".key", with: ".destroyed")
        guard other.isThere(name), !isThere(name), !isThere(tombstone) else { return }
        let folder = "\(path)/\(name.split(separator: "/")[0])"
        guard FileManager.default.fileExists(atPath: folder) else { return }
        try FileManager.default.copyItem(
            atPath: "\(other.path)/\(name)", toPath: "\(path)/\(name)")
    }

    /// Puts back the first key that was destroyed since it was seen.
    func restoreKey() throws {
        let folder = "\(path)/keys-a"
        for (name, content) in keyBackup.sorted(by: { $0.key < $1.key })
        where !FileManager.default.fileExists(atPath: "\(folder)/\(name)") {
            try content.write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o600], ofItemAtPath: "\(folder)/\(name)")
            return
        }
    }

    /// Destroys the oldest keys by hand, where they may die.
    func destroyKeys(_ date: HistoryDate) throws {
        for name in Self.pipelines {
            for month in oldestKeys("keys-\(name)") {
                var request = KeysRequest(pipeline: "\(path)/\(name).yaml")
                request.now = date.text
                do throws(PipelineFailure) {
                    _ = try Sluice.destroyKey(request, month: month, reason: "asked for")
                } catch {
                    guard case .refused = error else { throw error }
                    continue
                }
                if date < HistoryDate.deathOfKey(month: month) {
                    complaints.append("keys-\(name)/\(month) was destroyed too early, by hand")
                }
            }
        }
    }

    /// The months of the oldest two keys of a store.
    func oldestKeys(_ folder: String) -> [String] {
        let months = (try? keyFiles(folder))?.filter { $0.hasSuffix(".key") }.map {
            String($0.prefix(7))
        }
        return Array((months ?? []).sorted().prefix(2))
    }

    // MARK: The key-encryption key

    func makeCredentials() throws { try Credentials.write(wrappingKey, 1) }

    /// Brings another key-encryption key; the old one stays beside it.
    func changeCredential() throws {
        try Credentials.write("old-\(wrappingKey)", UInt8(truncatingIfNeeded: keyChanges + 1))
        keyChanges += 1
        try Credentials.write(wrappingKey, UInt8(truncatingIfNeeded: keyChanges + 1))
    }

    func removeCredentials() {
        for name in [wrappingKey, "old-\(wrappingKey)"] { Credentials.remove(name) }
    }

    func rewrapKeys(_ date: HistoryDate) throws {
        var request = KeysRequest(pipeline: "\(path)/w.yaml")
        request.now = date.text
        _ = try Sluice.rewrapKeys(request, from: .credential("old-\(wrappingKey)"))
    }
}
