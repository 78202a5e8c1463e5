/// What made a whole source unreadable. Never holds content of the source.
package struct SourceFault: Error, Equatable, Sendable {
    /// The stable code of the fault.
    package enum Code: String, Sendable {
        case cannotOpen = "cannot-open"
        case cannotRead = "cannot-read"
        case isDirectory = "is-a-directory"
        case damagedGzip = "damaged-gzip"
        case truncatedGzip = "truncated-gzip"
        case damagedZstd = "damaged-zstd"
        case truncatedZstd = "truncated-zstd"
        case inflateRatio = "inflate-ratio"
        case badHeader = "bad-header"
        case missingColumn = "missing-column"
        case changedWhileReading = "changed-while-reading"
        case unsupportedEncoding = "unsupported-encoding"
        case noDate = "no-date"
    }

    package let code: Code
    /// The path or name of the source as the user gave it.
    package var source: String
    /// How far the source could be read: an offset in bytes, 0-based; of compressed sources, in the
    /// compressed bytes.
    package let byteOffset: Int?
    /// What was expected, as a sentence for people.
    package let expectation: String

    package init(
        _ code: Code, source: String = "", byteOffset: Int? = nil, expectation: String
    ) {
        self.code = code
        self.source = source
        self.byteOffset = byteOffset
        self.expectation = expectation
    }

    package static func == (left: Self, right: Self) -> Bool { left.code == right.code }
}
