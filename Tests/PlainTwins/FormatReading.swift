package import LogFormats
package import Records
package import TestSupport

/// One value of a row as a transform would see it.
package struct ReadValue: Equatable {
    package let kind: FieldKind
    package let text: [UInt8]

    package init(kind: FieldKind, text: [UInt8]) {
        self.kind = kind
        self.text = text
    }
}

/// One row with its place in the source.
package struct ReadRow: Equatable, CustomStringConvertible {
    package let start: Int
    package let end: Int
    package let state: RecordTable.RowState
    package let values: [ReadValue]

    package var description: String {
        "\(start)..<\(end) \(state) "
            + values.map { "\($0.kind):\(TestSupport.text($0.text).debugDescription)" }
            .joined(separator: " ")
    }
}

/// Reads `source` in one piece, or in pieces that `cuts` decides on, as a source of chunks does: it
/// grows a window until the splitter finds a border, gives up on a record only when it is sure to
/// be too long, and then goes on behind the next line feed.
package func read(
    _ format: any LogFormat,
    _ source: [UInt8],
    fields: [String],
    columns: [String]? = nil,
    limits: RecordLimits = RecordLimits(),
    cuts: SeededGenerator? = nil,
    reader chosen: (any RecordReader)? = nil
) -> [ReadRow] {
    let reader =
        chosen ?? format.makeReader(fields: DeclaredFields(names: fields), limits: limits)
    var table = RecordTable(slotCount: fields.count)
    var rows: [ReadRow] = []
    for piece in pieces(format, source, limits: limits, cuts: cuts) {
        var chunk = Chunk(capacity: 16)
        chunk.columns = columns
        chunk.isOverlong = piece.isOverlong
        chunk.buffer.append(Array(source[piece.range]))
        chunk.seal()
        reader.index(chunk, into: &table)
        for row in 0..<table.count {
            let range = table.range(row)
            let isGood = table.isGood(row)
            let values = (isGood ? fields.indices : 0..<0).map { slot in
                value(table.slice(slot: slot, row: row), table, chunk.buffer.bytes, reader)
            }
            let isOverlong = table.state(row) == .bad(.tooLong)
            rows.append(
                ReadRow(
                    start: piece.range.lowerBound + range.lowerBound,
                    end: isOverlong ? 0 : piece.range.lowerBound + range.upperBound,
                    state: table.state(row),
                    values: values
                )
            )
        }
    }
    return rows
}

/// Several values come with a line feed between them, which no value of a line has.
private func value(
    _ slice: FieldSlice,
    _ table: borrowing RecordTable,
    _ bytes: Span<UInt8>,
    _ reader: any RecordReader
) -> ReadValue {
    var text = ByteBuffer()
    guard slice.kind != .several else {
        for element in slice.offset..<slice.end {
            if element > slice.offset { text.append(UInt8(ascii: "\n")) }
            text.append(value(table.elements[element], table, bytes, reader).text)
        }
        return ReadValue(kind: .several, text: text.array())
    }
    if slice.kind == .escapedText {
        reader.decode(slice, in: bytes, into: &text)
    } else {
        text.append(bytes.extracting(slice.offset..<slice.end))
    }
    return ReadValue(kind: slice.kind, text: text.array())
}

private func pieces(
    _ format: any LogFormat,
    _ source: [UInt8],
    limits: RecordLimits,
    cuts: SeededGenerator?
) -> [(range: Range<Int>, isOverlong: Bool)] {
    guard var cuts else { return [(source.indices, false)] }
    var splitter = format.makeSplitter(limits: limits)
    var pieces: [(range: Range<Int>, isOverlong: Bool)] = []
    var start = 0
    var end = 0
    while end < source.count {
        end = min(source.count, end + Int.random(in: 1...7, using: &cuts))
        while start < end,
            let length = splitter.wholeRecords(in: source.span.extracting(start..<end))
        {
            pieces.append((start..<(start + length), false))
            start += length
        }
        if end - start > limits.recordBytesMax + 1 {
            pieces.append((start..<end, true))
            start = (source[end...].firstIndex(of: 0x0A) ?? source.count - 1) + 1
            end = start
            splitter = format.makeSplitter(limits: limits)
        }
    }
    if start < source.count { pieces.append((start..<source.count, false)) }
    return pieces
}

/// Bytes drawn from a small alphabet that is mean to a format.
package func nasty(
    _ alphabet: [String],
    length: Int,
    using generator: inout SeededGenerator
) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < length {
        bytes += Array((alphabet.randomElement(using: &generator) ?? "").utf8)
    }
    return bytes
}

/// A format by its name in the catalogue, with options as texts.
package func makeFormat(
    _ name: String,
    _ options: [String: String] = [:],
    lists: [String: [String]] = [:],
    faults: Faults = Faults()
) -> (any LogFormat)? {
    let members = options.map { key, value in
        (key: key, keyPosition: SettingPosition.none, value: Setting.text(value, .none))
    }
    let more = lists.map { key, values in
        (
            key: key, keyPosition: SettingPosition.none,
            value: Setting.list(values.map { .text($0, .none) }, .none)
        )
    }
    let reader = SettingReader(.mapping(members + more, .none), path: "source", faults: faults)
    let made = FormatCatalogue.named(name)?.make(reader)
    reader.finish()
    return made
}
