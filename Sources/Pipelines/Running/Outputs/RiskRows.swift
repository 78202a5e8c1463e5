internal import KeyedHashing
internal import LogFormats
internal import Publication
internal import Records

/// Reads written rows of one output again: their quasi-identifiers, whose they are, and where that
/// stands.
final class RiskRows {
    /// One row.
    struct Row {
        /// Where it lies, without what ends it.
        let range: Range<Int>
        /// The values of the fields in the order of the plan; empty where there is none. What has
        /// no quotes in JSON begins with a byte of `RowValue` among the quasi-identifiers.
        let values: [[UInt8]]
        /// Where they lie.
        let slices: [FieldSlice]
    }

    private let plan: RowRiskPlan
    private let reader: any RecordReader
    /// True when rows pass as they are in a format that tells nothing from an empty text.
    private let tellsNothingApart: Bool

    init(_ plan: RowRiskPlan, _ format: any LogFormat, _ limits: RecordLimits) {
        self.plan = plan
        tellsNothingApart = plan.demand == nil && format.quoteRule == .always
        reader = format.makeReader(
            fields: DeclaredFields(names: plan.fields), limits: limits)
    }

    /// Calls `body` for each row of `bytes`, whole records of a file with `columns`. False when a
    /// row cannot be read.
    func forEach(
        in bytes: Span<UInt8>, columns: [String]?,
        _ body: (Row) throws(PipelineFailure) -> Void
    ) throws(PipelineFailure) -> Bool {
        var chunk = Chunk(capacity: bytes.count + Chunk.paddingBytes)
        var table = RecordTable(slotCount: plan.fields.count)
        chunk.buffer.append(bytes)
        chunk.columns = columns
        chunk.seal()
        reader.index(chunk, into: &table)
        for index in 0..<table.count {
            guard table.isGood(index) else { return false }
            let slices = plan.fields.indices.map { table.slice(slot: $0, row: index) }
            var values: [[UInt8]] = []
            for (place, slice) in slices.enumerated() {
                let isQuasi = place < plan.quasiIdentifierCount
                values.append(
                    isQuasi
                        ? quasiIdentifier(slice, in: chunk.buffer.bytes)
                        : value(slice, in: chunk.buffer.bytes))
            }
            try body(Row(range: table.range(index), values: values, slices: slices))
        }
        return true
    }

    /// What is one value for whoever reads the file: the number 5 is not the text `5`.
    private func quasiIdentifier(_ slice: FieldSlice, in bytes: Span<UInt8>) -> [UInt8] {
        let value = value(slice, in: bytes)
        switch slice.kind {
        case .number, .boolean: return [RowValue.bare] + value
        case .structure: return [RowValue.structure] + value
        case .null where tellsNothingApart: return [RowValue.bare]
        case .text where tellsNothingApart && value.isEmpty: return [RowValue.structure]
        default: return value
        }
    }

    private func value(_ slice: FieldSlice, in bytes: Span<UInt8>) -> [UInt8] {
        switch slice.kind {
        case .absent, .null, .several: return []
        case .text, .number, .boolean, .structure:
            var text: [UInt8] = []
            for index in slice.offset..<slice.end { text.append(bytes[index]) }
            return text
        case .escapedText:
            var decoded = ByteBuffer(capacity: slice.length)
            reader.decode(slice, in: bytes, into: &decoded)
            return decoded.array()
        }
    }
}

/// Whose a row is, by a key that lives as long as the run.
struct RowPerson {
    let hasher: HMACSHA256

    /// No message of a token begins with these bytes (`TokenDomain.version`).
    private static let head: [UInt8] = [0x84] + Array("sluice person of row".utf8)

    /// Nobody without a value.
    func token(_ value: [UInt8]) -> Token {
        if value.isEmpty { return .none }
        let message = Self.head + value
        return hasher.token(of: message.span)
    }
}
