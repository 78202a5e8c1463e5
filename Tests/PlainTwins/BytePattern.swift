private import Foundation

/// A regular expression over bytes, each of them one character: another engine than any of ours.
struct BytePattern: Sendable {
    private let expression: NSRegularExpression?

    /// `.` takes every byte; a pattern with a fault matches nothing, which the first comparison
    /// tells.
    init(_ pattern: String) {
        expression = try? NSRegularExpression(
            pattern: pattern, options: [.dotMatchesLineSeparators])
    }

    /// The groups of the match that begins at `start`, the whole match first; nil: there is none.
    func groups(in bytes: [UInt8], from start: Int = 0) -> [Range<Int>?]? {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: bytes.map { Unicode.Scalar($0) })
        let match = expression?.firstMatch(
            in: String(text), options: [.anchored, .withoutAnchoringBounds],
            range: NSRange(location: start, length: bytes.count - start))
        return match.map { match in
            (0..<match.numberOfRanges).map { index in
                let range = match.range(at: index)
                return range.location == NSNotFound
                    ? nil : range.location..<range.location + range.length
            }
        }
    }

    /// `text` as a pattern that matches it alone.
    static func quoted(_ text: [UInt8]) -> String {
        text.map { byte in
            let digits = String(byte, radix: 16)
            return "\\x" + (byte < 16 ? "0" : "") + digits
        }.joined()
    }
}
