/// The references of a request, checked.
struct SubjectDetails: Sendable {
    let role: SubjectRequest.Role
    let identityCheck: String
    /// Set for a processor.
    let consent: String?
    let requestedBy: String

    private static let bytesMax = 200

    /// Checks that a request says all it must; a usage failure otherwise.
    init(_ request: SubjectRequest, _ subject: SoughtSubject) throws(PipelineFailure) {
        guard let role = request.role else {
            throw .usage("--role is missing, expected `controller` or `processor`")
        }
        self.role = role
        identityCheck = try Self.reference(
            request.identityCheck, "--identity-check",
            "where the check of the person's identity is on record", subject)
        requestedBy = try Self.reference(
            request.requestedBy, "--by", "who answers the request", subject)
        guard role == .processor || request.consent != nil else {
            consent = nil
            return
        }
        consent = try Self.reference(
            request.consent, "--consent",
            "where the customer's consent is on record: a processor acts on instruction", subject)
    }

    private static func reference(
        _ text: String?, _ flag: String, _ meaning: String, _ subject: SoughtSubject
    ) throws(PipelineFailure) -> String {
        guard let text, !text.utf8.isEmpty else {
            throw .usage("\(flag) is missing, expected \(meaning)")
        }
        let bytes = Array(text.utf8)
        guard bytes.count <= bytesMax, bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw .usage("\(flag): expected one line of at most \(bytesMax) bytes")
        }
        // References stay in the ledger for good; the identity must not stay with them.
        let own = [subject.canonical, subject.within].compactMap { $0 }
        guard flag == "--by" || !own.contains(where: { contains($0, in: bytes) }) else {
            throw .usage("\(flag): expected a reference, found the identity itself in it")
        }
        return text
    }

    private static func contains(_ needle: [UInt8], in bytes: [UInt8]) -> Bool {
        guard needle.count >= 3, needle.count <= bytes.count else { return needle == bytes }
        return (0...(bytes.count - needle.count)).contains { start in
            bytes[start..<(start + needle.count)].elementsEqual(needle)
        }
    }
}
