/// A small record file of lines `name value` between a title and a checksum.
///
///     sluice destroyed-key 1
///     run 2026-05-02T03:00
///     check 64 hexadecimal digits: SHA-256 of all lines before
///
/// Read back only when every byte is as it was written.
package struct SealedText: Sendable {
    /// The longest such file in bytes.
    package static let fileBytesMax = 16_384
    private static let valueBytesMax = 4096

    let title: String
    let names: [String]

    /// The form of files whose first line says `title` and whose lines begin with `names`.
    package init(title: String, names: [String]) {
        self.title = title
        self.names = names
    }

    /// The bytes of the file; `values` in the order of `names`.
    package func encode(_ values: [String]) throws(KeyFault) -> [UInt8] {
        for (name, value) in zip(names, values) { try Self.check(value, name) }
        var lines = "sluice \(title) 1\n"
        for (name, value) in zip(names, values) { lines += "\(name) \(value)\n" }
        let content = Array(lines.utf8)
        return content + Array("check \(Digest256.of(content.span).hex)\n".utf8)
    }

    /// The values in the order of `names`, or nil when the content is not what `encode` makes.
    package func decode(_ content: [UInt8]) -> [String]? {
        let lines = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.count == names.count + 3 else { return nil }
        var values: [String] = []
        for (name, line) in zip(names, lines[1...]) {
            let start = Array("\(name) ".utf8)
            guard line.starts(with: start),
                let value = String(validating: line.dropFirst(start.count), as: UTF8.self)
            else { return nil }
            values.append(value)
        }
        guard let again = try? encode(values), again == content else { return nil }
        return values
    }

    /// Refuses a value that would not fit on its line.
    static func check(_ value: String, _ name: String) throws(KeyFault) {
        guard !value.utf8.isEmpty, value.utf8.count <= valueBytesMax,
            value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f })
        else { throw .unusableText(name) }
    }
}
