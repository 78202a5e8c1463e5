import Records

/// How address transforms read a field: which forms they take and whether a list of addresses, as
/// in `X-Forwarded-For` or `Forwarded`, is taken apart.
struct AddressReading: Sendable {
    var forms: AddressForms = .all
    var takesLists = true

    /// Appends what `write` makes of each address in `text`, in order, with `, ` between them.
    /// Elements that are no address are left out; `dropped` when there is none at all.
    ///
    /// `write` returns false when it could not replace the address; nothing is then released.
    func rewrite(
        _ text: Span<UInt8>, into output: inout ByteBuffer,
        _ write: (IPAddress, inout ByteBuffer) -> Bool
    ) -> TransformResult {
        if let address = IPAddress(text, accepting: forms) {
            return write(address, &output) ? .plainText : .dropped
        }
        guard takesLists else { return .dropped }
        let start = output.count
        var written = 0
        var elementStart = 0
        for index in 0...text.count where index == text.count || text[index] == comma {
            let element = text.extracting(elementStart..<index)
            elementStart = index + 1
            guard let address = address(ofElement: element) else { continue }
            if written > 0 { output.append(", ") }
            guard write(address, &output) else {
                output.truncate(to: start)
                return .dropped
            }
            written += 1
        }
        return written == 0 ? .dropped : written == 1 ? .plainText : .text
    }

    private func address(ofElement element: Span<UInt8>) -> IPAddress? {
        if let address = IPAddress(element, accepting: forms.union(.spaces)) { return address }
        guard let node = Self.forwardedNode(in: element) else { return nil }
        return IPAddress(element.extracting(node), accepting: forms)
    }

    /// Where the value of `for=` lies in one element of a `Forwarded` header (RFC 7239 section 4),
    /// without its quotes.
    private static func forwardedNode(in element: Span<UInt8>) -> Range<Int>? {
        var start = 0
        for index in 0...element.count
        where index == element.count || element[index] == UInt8(ascii: ";") {
            var pair = start..<index
            start = index + 1
            while let first = pair.first, isBlank(element[first]) { pair.removeFirst() }
            while let last = pair.last, isBlank(element[last]) { pair.removeLast() }
            guard pair.count > 4, isFor(element.extracting(pair.lowerBound..<pair.lowerBound + 4))
            else { continue }
            pair.removeFirst(4)
            if pair.count >= 2, element[pair.lowerBound] == quote,
                element[pair.upperBound - 1] == quote
            {
                pair = pair.lowerBound + 1..<pair.upperBound - 1
            }
            return pair
        }
        return nil
    }

    private static func isFor(_ name: Span<UInt8>) -> Bool {
        name[0] | 0x20 == UInt8(ascii: "f") && name[1] | 0x20 == UInt8(ascii: "o")
            && name[2] | 0x20 == UInt8(ascii: "r") && name[3] == UInt8(ascii: "=")
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }
}

private let comma = UInt8(ascii: ",")
private let quote = UInt8(ascii: "\"")
