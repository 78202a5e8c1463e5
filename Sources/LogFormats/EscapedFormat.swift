package import Records

/// A format in which an output of other bytes than it can hold is stored: texts are the escaped
/// forms (`ByteEscapes`) of the values that its readers give back. Who wrote records escaped them.
package struct EscapedFormat: WrappingFormat {
    package let base: any LogFormat

    package init(_ base: any LogFormat) { self.base = base }

    package var storedFormat: any LogFormat { EscapedFormat(base.storedFormat) }
    package var columnFormat: any LogFormat { EscapedFormat(base.columnFormat) }
    package var oddBytes: OddBytes { [.nul, .notUTF8] }

    package func makeReader(fields: DeclaredFields, limits: RecordLimits) -> any RecordReader {
        EscapedReader(base.makeReader(fields: fields, limits: limits))
    }
}

/// Gives back the values whose escaped forms another reader finds.
private final class EscapedReader: RecordReader {
    private let base: any RecordReader
    /// Where texts of the chunk begin in which the base finds nothing to decode.
    private var plainStarts: Set<Int> = []

    init(_ base: any RecordReader) { self.base = base }

    func index(_ chunk: borrowing Chunk, into table: inout RecordTable) {
        base.index(chunk, into: &table)
        plainStarts.removeAll(keepingCapacity: true)
        let bytes = chunk.buffer.bytes
        for row in 0..<table.count where table.isGood(row) {
            for slot in 0..<table.slotCount {
                let slice = table.slice(slot: slot, row: row)
                if Self.mayBeEscaped(slice, bytes) {
                    table.set(escaped(slice), slot: slot, row: row)
                }
            }
        }
        for index in table.elements.indices where Self.mayBeEscaped(table.elements[index], bytes) {
            table.elements[index] = escaped(table.elements[index])
        }
    }

    /// True when the text of `slice` may not stand for itself.
    private static func mayBeEscaped(_ slice: FieldSlice, _ bytes: Span<UInt8>) -> Bool {
        guard slice.kind == .text else { return false }
        for index in slice.offset..<slice.end where bytes[index] == UInt8(ascii: "\\") {
            return true
        }
        return false
    }

    private func escaped(_ slice: FieldSlice) -> FieldSlice {
        plainStarts.insert(slice.offset)
        return FieldSlice(start: slice.offset, length: slice.length, kind: .escapedText)
    }

    func decode(_ slice: FieldSlice, in bytes: Span<UInt8>, into buffer: inout ByteBuffer) {
        guard !plainStarts.contains(slice.offset) else {
            return ByteEscapes.decode(bytes.extracting(slice.offset..<slice.end), into: &buffer)
        }
        var text = ByteBuffer(capacity: slice.length)
        base.decode(slice, in: bytes, into: &text)
        ByteEscapes.decode(text.bytes, into: &buffer)
    }

    func withTexts(
        inside structure: FieldSlice, in bytes: Span<UInt8>, _ body: (Span<UInt8>) -> Void
    ) {
        base.withTexts(inside: structure, in: bytes, body)
    }
}
