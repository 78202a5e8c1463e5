internal import Anonymization
internal import KeyedHashing
internal import Records

/// The subject of a request while its value is at hand: the forms in which records may have it.
struct SoughtSubject: Sendable {
    let kind: SubjectRequest.Kind
    /// The canonical form (`CanonicalSubject`).
    let canonical: [UInt8]
    /// The customer to which the request is limited, in canonical form.
    let within: [UInt8]?
    /// The forms that tokens may have been made of.
    let spellings: [[UInt8]]
    /// The same of `within`.
    let withinSpellings: [[UInt8]]

    /// Reads the value of a request; what is none is a usage failure that does not repeat it.
    init(_ request: SubjectRequest) throws(PipelineFailure) {
        kind = request.kind
        let written = Array(request.value.utf8)
        guard let canonical = CanonicalSubject.bytes(kind.subjectKind, written.span) else {
            throw .usage(
                request.kind == .address
                    ? "--address: expected one IP address"
                    : "--\(request.kind.rawValue): expected a value that is not empty")
        }
        self.canonical = canonical
        spellings = Self.spellings(canonical, written)
        guard let customer = request.withinCustomer else {
            within = nil
            withinSpellings = []
            return
        }
        guard request.kind == .user else {
            throw .usage("--within-customer goes with --user")
        }
        guard let limit = CanonicalSubject.bytes(.customer, Array(customer.utf8).span) else {
            throw .usage("--within-customer: expected a value that is not empty")
        }
        within = limit
        withinSpellings = Self.spellings(limit, limit)
    }

    /// The canonical form, the one that was given, and the bytes that it may be the name of.
    private static func spellings(_ canonical: [UInt8], _ written: [UInt8]) -> [[UInt8]] {
        var meant = ByteBuffer(capacity: canonical.count)
        ByteEscapes.decode(canonical.span, into: &meant)
        var spellings = [canonical]
        for other in [written, meant.array()] where !spellings.contains(other) {
            spellings.append(other)
        }
        return spellings
    }

    /// True when `text` holds the value as a whole word, in one of its spellings: what a line that
    /// cannot be read may still say.
    func isMentioned(in text: [UInt8]) -> Bool {
        spellings.contains { Self.isMentioned($0, in: text) }
    }

    private static func isMentioned(_ value: [UInt8], in text: [UInt8]) -> Bool {
        guard value.count <= text.count else { return false }
        var start = 0
        while let at = firstIndex(of: value, in: text, from: start) {
            let end = at + value.count
            let beginsWord = at == 0 || !isWord(text[at - 1])
            if beginsWord, end == text.count || !isWord(text[end]) { return true }
            start = at + 1
        }
        return false
    }

    private static func firstIndex(of needle: [UInt8], in text: [UInt8], from: Int) -> Int? {
        var at = from
        while at + needle.count <= text.count {
            if text[at] == needle[0], text[at..<(at + needle.count)].elementsEqual(needle) {
                return at
            }
            at += 1
        }
        return nil
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte & 0xDF) || byte >= 0x80
    }
}

extension SubjectRequest.Kind {
    /// The kind as the registry knows it.
    var subjectKind: SubjectKind {
        switch self {
        case .user: .user
        case .customer: .customer
        case .address: .address
        }
    }
}
