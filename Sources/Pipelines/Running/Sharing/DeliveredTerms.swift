internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// What the terms of a disclosure said when it was delivered.
struct DeliveredTerms {
    private(set) var files: [SharingTerms.File] = []
    private(set) var recalled: [SharingTerms.File] = []

    /// Longer than any terms are.
    private static let bytesMax = 1 << 20

    /// Reads the terms at `path`, which messages call `shown`; what is none says nothing. Terms
    /// that cannot be read are a fault: taken for none, what they call back would be forgotten.
    init(_ path: String, shownAs shown: String) throws(PipelineFailure) {
        let bytes: [UInt8]
        do { bytes = try FileDescriptor.reading(path).readAll(limitBytes: Self.bytesMax) } catch {
            if isNoneOfOurs(path, error) || error.cause == .tooLong(limitBytes: Self.bytesMax) {
                return
            }
            throw .storage("cannot read \(shown)", error)
        }
        guard case .mapping(let members, _)? = readSettings(bytes, faults: Faults())
        else { return }
        for member in members {
            guard case .list(let items, _) = member.value else { continue }
            let found = items.compactMap(Self.file)
            if member.key == "files" { files = found }
            if member.key == "recalled" { recalled = found }
        }
    }

    func records(of name: String) -> Int64? { files.first { $0.name == name }?.records }

    private static func file(_ setting: Setting) -> SharingTerms.File? {
        guard case .mapping(let members, _) = setting else { return nil }
        var texts: [String: String] = [:]
        for member in members {
            if case .text(let text, _) = member.value { texts[member.key] = text }
        }
        guard let name = texts["file"],
            let digest = texts["sha256"].flatMap({ Digest256(hex: $0) }),
            let bytes = texts["bytes"].flatMap({ Int($0) })
        else { return nil }
        return SharingTerms.File(
            name: name, content: ContentIdentity(digest: digest, byteCount: bytes),
            records: texts["records"].flatMap { Int64($0) } ?? 0,
            deleteBy: texts["delete_by"].flatMap { RunClock(text: $0, zone: .utc)?.now })
    }
}
