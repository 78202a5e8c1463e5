package import LogFormats
package import Records
package import TestSupport

/// One row of a JSON Lines source with its values, offsets counted from the start of the source.
package struct JSONRow: Equatable, CustomStringConvertible {
    package let start: Int
    package let end: Int
    package let state: RecordTable.RowState
    /// For each slot the slices found: none when absent, several with "every element".
    package var values: [[FieldSlice]] = []
    package var outline: [OutlineStep] = []

    package var description: String {
        let slots = values.map { $0.map { "\($0.kind)@\($0.offset)+\($0.length)" } }
        return "\(start)..<\(end) \(state) \(slots) outline \(outline.count)"
    }
}

/// Which of the readers that must agree.
package enum JSONTwin: CaseIterable {
    case indexed, narrowScan, portableScan, plainWalker

    package var scan: StructuralScan {
        switch self {
        case .indexed, .plainWalker: .automatic
        case .narrowScan: .narrow
        case .portableScan: .portable
        }
    }
}

/// A reader of JSON Lines with the fields and limits of one test; reads as many sources as asked,
/// so that what it remembers of shapes is at work.
package final class JSONTrial {
    package let fields: [String]
    package let limits: RecordLimits
    private let reader: JSONLinesReader
    private var table: RecordTable

    package init(
        _ fields: [String],
        outline: Bool = false,
        limits: RecordLimits = RecordLimits(),
        twin: JSONTwin = .indexed
    ) {
        self.fields = fields
        self.limits = limits
        reader = JSONLinesReader(
            fields: DeclaredFields(names: fields, needsOutline: outline),
            limits: limits,
            scan: twin.scan,
            plainWalker: twin == .plainWalker
        )
        table = RecordTable(slotCount: fields.count)
    }

    /// The rows of `source`, read as one chunk or cut into chunks of whole records as `cuts` says.
    package func rows(_ source: [UInt8], cuts: SeededGenerator? = nil) -> [JSONRow] {
        pieces(source, cuts).flatMap {
            rows(Array(source[$0.range]), $0.range.lowerBound, $0.isCut)
        }
    }

    package func rows(_ source: String) -> [JSONRow] { rows(bytes(source)) }

    private func rows(_ piece: [UInt8], _ base: Int, _ isOverlong: Bool) -> [JSONRow] {
        var chunk = Chunk(capacity: 16)
        chunk.isOverlong = isOverlong
        chunk.buffer.append(piece)
        chunk.seal()
        reader.index(chunk, into: &table)
        return (0..<table.count).map { row(at: $0, base) }
    }

    private func row(at index: Int, _ base: Int) -> JSONRow {
        let range = table.range(index)
        let state = table.state(index)
        // Of a record that was cut off nobody knows the end.
        let end = state == .bad(.tooLong) ? 0 : range.upperBound + base
        var row = JSONRow(start: range.lowerBound + base, end: end, state: state)
        guard state == .good else { return row }
        for slot in fields.indices {
            let slice = table.slice(slot: slot, row: index)
            switch slice.kind {
            case .absent: row.values.append([])
            case .several:
                let found = table.elements[slice.offset..<slice.end]
                row.values.append(found.map { moved($0, base) })
            default: row.values.append([moved(slice, base)])
            }
        }
        if !table.outlineStarts.isEmpty {
            let steps = Int(table.outlineStarts[index])..<Int(table.outlineStarts[index + 1])
            row.outline = table.outline[steps].map {
                OutlineStep($0.operation, slot: Int($0.slot), slice: moved($0.slice, base))
            }
        }
        return row
    }

    private func moved(_ slice: FieldSlice, _ base: Int) -> FieldSlice {
        guard slice.kind != .absent else { return slice }
        return FieldSlice(start: slice.offset + base, length: slice.length, kind: slice.kind)
    }

    private func pieces(
        _ source: [UInt8],
        _ cuts: SeededGenerator?
    ) -> [(range: Range<Int>, isCut: Bool)] {
        guard var cuts else { return [(source.indices, false)] }
        var splitter = JSONLinesFormat().makeSplitter(limits: limits)
        var pieces: [(range: Range<Int>, isCut: Bool)] = []
        var start = 0
        var end = 0
        while end < source.count {
            end = min(source.count, end + Int.random(in: 1...9, using: &cuts))
            while start < end,
                let length = splitter.wholeRecords(in: source.span.extracting(start..<end))
            {
                pieces.append((start..<(start + length), false))
                start += length
            }
            guard end - start > limits.recordBytesMax + 1 else { continue }
            pieces.append((start..<end, true))
            start = (source[end...].firstIndex(of: 0x0A) ?? source.count - 1) + 1
            end = start
            splitter = JSONLinesFormat().makeSplitter(limits: limits)
        }
        if start < source.count { pieces.append((start..<source.count, false)) }
        return pieces
    }

    /// The decoded texts of the values of `row`, slot by slot.
    package func texts(_ row: JSONRow, of source: [UInt8]) -> [[String]] {
        row.values.map {
            $0.map { slice in
                var buffer = ByteBuffer()
                if slice.kind == .escapedText {
                    reader.decode(slice, in: source.span, into: &buffer)
                } else {
                    buffer.append(source.span.extracting(slice.offset..<slice.end))
                }
                return text(buffer.array())
            }
        }
    }
}
