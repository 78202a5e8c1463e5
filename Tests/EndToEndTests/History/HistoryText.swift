import Foundation

/// Bytes that are looked through for texts, by a library that was compiled for speed: a debug build
/// of its own loops would need most of its time for that.
struct HistoryText {
    private let bytes: Data

    init(_ bytes: [UInt8]) { self.bytes = Data(bytes) }

    private init(_ bytes: Data) { self.bytes = bytes }

    /// The lines without their line feeds and without empty ones.
    var lines: [HistoryText] {
        var lines: [HistoryText] = []
        var start = bytes.startIndex
        while start < bytes.endIndex {
            let end = place(of: "\n", from: start)?.lowerBound ?? bytes.endIndex
            if start < end { lines.append(HistoryText(bytes[start..<end])) }
            start = end + 1
        }
        return lines
    }

    func contains(_ text: String) -> Bool { place(of: text, from: bytes.startIndex) != nil }

    /// How often `text` is met.
    func count(_ text: String) -> Int {
        var count = 0
        var from = bytes.startIndex
        while let place = place(of: text, from: from) {
            count += 1
            from = place.upperBound
        }
        return count
    }

    /// The text of a member of a JSON object; nil when there is none, or no text.
    func member(_ name: String) -> String? {
        guard let mark = place(of: "\"\(name)\":\"", from: bytes.startIndex),
            let end = place(of: "\"", from: mark.upperBound)
        else { return nil }
        return String(decoding: bytes[mark.upperBound..<end.lowerBound], as: UTF8.self)
    }

    private func place(of text: String, from start: Int) -> Range<Int>? {
        bytes.range(of: Data(text.utf8), in: start..<bytes.endIndex)
    }
}
