internal import Ledger
internal import LogFormats
internal import Records

/// Turns a record as it is written into named texts, for the copy that a person gets.
///
/// A JSON object stays what it is. Records of other formats become their fields by name: the
/// columns of the header, or the fields of the pattern.
struct RecordCopy {
    private let format: any LogFormat
    private let names: [String]
    /// The record was read before, by its own limits.
    private let limits = RecordLimits.ofOwnFiles

    /// True when records are JSON objects.
    let isJSON: Bool

    init(_ place: SubjectPlace) {
        format = place.format
        names = place.names
        isJSON = place.format.quoteRule == .always
    }

    /// The names of the fields of a record.
    func fieldNames(_ record: FoundRecord) -> [String] {
        isJSON ? names : record.columns ?? format.fieldNames ?? names
    }

    /// The decoded text of each of `fields`; nil where the record has no value.
    func texts(_ record: FoundRecord, _ fields: [String]) -> [[UInt8]?] {
        var chunk = Chunk(capacity: record.raw.count + Chunk.paddingBytes + 1)
        chunk.buffer.append(record.raw)
        chunk.buffer.append(UInt8(ascii: "\n"))
        chunk.columns = record.columns
        chunk.seal()
        let reader = format.makeReader(fields: DeclaredFields(names: fields), limits: limits)
        var table = RecordTable(slotCount: fields.count)
        reader.index(chunk, into: &table)
        guard table.count > 0, table.isGood(0) else { return fields.map { _ in nil } }
        return fields.indices.map { slot in
            Self.text(table.slice(slot: slot, row: 0), table, reader, chunk.buffer.bytes)
        }
    }

    private static func text(
        _ slice: FieldSlice, _ table: borrowing RecordTable, _ reader: any RecordReader,
        _ bytes: Span<UInt8>
    ) -> [UInt8]? {
        guard slice.hasValue else { return nil }
        var text = ByteBuffer(capacity: 64)
        guard slice.kind == .several else {
            append(slice, reader, bytes, to: &text)
            return text.array()
        }
        for element in slice.offset..<slice.end {
            if !text.isEmpty { text.append(", ") }
            append(table.elements[element], reader, bytes, to: &text)
        }
        return text.array()
    }

    private static func append(
        _ slice: FieldSlice, _ reader: any RecordReader, _ bytes: Span<UInt8>,
        to text: inout ByteBuffer
    ) {
        if slice.kind == .escapedText {
            reader.decode(slice, in: bytes, into: &text)
        } else {
            text.append(bytes.extracting(slice.offset..<slice.end))
        }
    }

    /// The record as one JSON value: the object as it is written, or an object of texts.
    func json(_ record: FoundRecord) -> [UInt8] {
        if isJSON { return record.raw }
        let fields = fieldNames(record)
        let texts = texts(record, fields)
        // The order of the fields is that of the source, which canonical JSON would not keep.
        var object: [UInt8] = [UInt8(ascii: "{")]
        for (name, text) in zip(fields, texts) {
            if object.count > 1 { object.append(UInt8(ascii: ",")) }
            object += CanonicalJSON.text(name).bytes
            object.append(UInt8(ascii: ":"))
            let value = text.map { CanonicalJSON.text(ByteEscapes.text($0)) }
            object += (value ?? .null).bytes
        }
        return object + [UInt8(ascii: "}")]
    }
}
