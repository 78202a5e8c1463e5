import FileSystem
import KeyedHashing
import Records

/// What is known of the bytes of the ledger since the last process let go of it.
package enum SealState: Sendable, Equatable {
    /// Every byte is as it was left.
    case fits
    /// The last process that changed the ledger was killed; the next one seals it again.
    case missing
    /// The seal itself is not what was written.
    case damaged
    /// The ledger is not what was sealed.
    case differs
}

/// The seal of a ledger: the digest and length of its file, in a small file beside it.
///
/// SQLite checks the structure of a database, not every byte of it: what lies in unused room, or a
/// digit that became another digit, looks fine to it. So whoever opens the ledger holds it against
/// the seal, breaks the seal (durably) before the first change, and seals it again when letting go.
/// A seal that is there and does not fit means damage; none at all means a killed process.
enum LedgerSeal {
    static let fileName = "ledger.seal"

    private static let form = SealedText(title: "ledger-seal", names: ["sha256", "bytes"])

    /// Holds the ledger in `directory` against its seal. Changes nothing.
    static func check(_ directory: Directory) throws(FileFault) -> SealState {
        guard try directory.status(of: fileName) != nil else { return .missing }
        let bytes = try directory.content(of: fileName, limitBytes: SealedText.fileBytesMax)
        guard let values = form.decode(bytes) else { return .damaged }
        let found = try content(of: directory)
        let isSame = values[0].utf8.elementsEqual(found[0].utf8)
            && values[1].utf8.elementsEqual(found[1].utf8)
        return isSame ? .fits : .differs
    }

    /// Takes the seal away, durably, before a change.
    static func remove(from directory: Directory) throws(FileFault) {
        if try directory.remove(fileName) { try directory.synchronize() }
    }

    /// Seals the ledger as it lies there; nobody may have it open for writing.
    ///
    /// A journal that could not be removed belongs to a transaction that the next owner takes back:
    /// until then the bytes are not those that will stay, and get no seal.
    static func write(in directory: Directory) throws(FileFault) {
        guard try directory.status(of: Ledger.journalName) == nil else { return }
        let bytes: [UInt8]
        do { bytes = try form.encode(try content(of: directory)) } catch let fault as FileFault {
            throw fault
        } catch {
            return
        }
        try DurableFile.durablyReplace(fileName, in: directory, with: bytes.span)
    }

    private static func content(of directory: Directory) throws(FileFault) -> [String] {
        let file = try directory.reading(Ledger.fileName)
        var hasher = ContentHasher()
        var room = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let outcome = unsafe room.withUnsafeMutableBytes { room -> Result<Int, FileFault> in
                do throws(FileFault) {
                    return .success(try unsafe file.read(into: room))
                } catch {
                    return .failure(error)
                }
            }
            let count = try outcome.get()
            if count == 0 { break }
            hasher.update(room.span.extracting(0..<count))
        }
        return [hasher.digest().hex, String(hasher.byteCount)]
    }
}
