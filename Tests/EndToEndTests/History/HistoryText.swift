import Foundation
import Glibc

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
        let sought = Array(text.utf8)
        guard let first = sought.first else { return nil }
        return unsafe bytes.withUnsafeBytes { room -> Range<Int>? in
            guard let base = room.baseAddress else { return nil }
            var at = start - bytes.startIndex
            while at + sought.count <= room.count {
                let count = room.count - sought.count - at + 1
                guard let found = unsafe memchr(base + at, Int32(first), count) else {
                    return nil
                }
                at = unsafe UnsafeRawPointer(found) - base
                if unsafe memcmp(found, sought, sought.count) == 0 {
                    let place = bytes.startIndex + at
                    return place..<(place + sought.count)
                }
                at += 1
            }
            return nil
        }
    }
}
