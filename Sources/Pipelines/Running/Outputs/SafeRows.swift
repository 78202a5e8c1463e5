internal import Anonymization
internal import LogFormats
internal import Publication
internal import Records

/// Writes rows as they may be released: coarser where it has to be, and those of one class alike.
struct SafeRows {
    private let plan: RowRiskPlan
    private let release: RowRelease
    private let isJSON: Bool

    init(_ plan: RowRiskPlan, _ release: RowRelease, isJSON: Bool) {
        self.plan = plan
        self.release = release
        self.isJSON = isJSON
    }

    /// A value that is written anew; nothing where the text is empty.
    private struct Change {
        let slice: FieldSlice
        let text: [UInt8]
    }

    /// Appends the row; false when it has to go.
    func write(_ row: RiskRows.Row, of bytes: Span<UInt8>, into block: OutputBytes.Block) -> Bool {
        let count = plan.quasiIdentifierCount
        guard let coarser = release.released(Array(row.values.prefix(count))) else { return false }
        var changes: [Change] = []
        for index in 0..<count
        where coarser[index] != row.values[index] || isSpeltAnew(row.slices[index]) {
            changes.append(Change(slice: row.slices[index], text: coarser[index]))
        }
        let person = row.slices[plan.person]
        if plan.dropsPerson, person.kind != .absent {
            changes.append(Change(slice: person, text: []))
        }
        changes.sort { $0.slice.offset < $1.slice.offset }
        if isJSON {
            var line: [UInt8] = []
            for index in row.range { line.append(bytes[index]) }
            // From the last one on: the places of those in front of it stay.
            for change in changes.reversed() {
                apply(change, to: &line, from: row.range.lowerBound)
            }
            block.bytes.append(line)
        } else {
            append(row, changes, of: bytes, to: block)
        }
        block.bytes.append(UInt8(ascii: "\n"))
        block.records += 1
        return true
    }

    /// True for a value of a class in which others may be spelt otherwise: escapes are written as
    /// few as can be, and for `null` and an empty text there is no key, as where there was none.
    private func isSpeltAnew(_ slice: FieldSlice) -> Bool {
        guard isJSON else { return false }
        return slice.kind == .escapedText || slice.kind == .null
            || slice.kind == .text && slice.length == 0
    }

    /// Coarser values are digits, letters and marks of times and addresses: CSV escapes none.
    private func append(
        _ row: RiskRows.Row, _ changes: [Change], of bytes: Span<UInt8>,
        to block: OutputBytes.Block
    ) {
        var at = row.range.lowerBound
        for change in changes {
            block.bytes.append(bytes.extracting(at..<change.slice.offset))
            block.bytes.append(change.text)
            at = change.slice.end
        }
        block.bytes.append(bytes.extracting(at..<row.range.upperBound))
    }

    // MARK: JSON

    /// Writes the value anew in `line`, which began at `start`.
    private func apply(_ change: Change, to line: inout [UInt8], from start: Int) {
        let quote = change.slice.isText ? 1 : 0
        let value = change.slice.offset - start - quote..<change.slice.end - start + quote
        if change.text.isEmpty { return remove(value, from: &line) }
        var text = ByteBuffer(capacity: change.text.count + 2)
        JSONText.encode(change.text.span, into: &text)
        line.replaceSubrange(value, with: text.array())
    }

    /// Takes out the member with the value at `value`, and each object that has no other.
    private func remove(_ value: Range<Int>, from line: inout [UInt8]) {
        var value = value
        while true {
            let gone = SpliceSyntax.droppedJSON(
                value, in: line.span, recordStart: 0, recordEnd: line.count, editedUpTo: 0)
            line.removeSubrange(gone)
            guard let object = emptyObject(around: gone.lowerBound, in: line) else { return }
            value = object
        }
    }

    /// The braces around `at` when there is nothing between them; nil for those of the record.
    private func emptyObject(around at: Int, in line: [UInt8]) -> Range<Int>? {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 || byte == 0x0d }
        guard let open = line[..<at].lastIndex(where: { !isBlank($0) }),
            let close = line[at...].firstIndex(where: { !isBlank($0) }),
            line[open] == UInt8(ascii: "{"), line[close] == UInt8(ascii: "}"),
            line[..<open].contains(UInt8(ascii: "{"))
        else { return nil }
        return open..<close + 1
    }
}
