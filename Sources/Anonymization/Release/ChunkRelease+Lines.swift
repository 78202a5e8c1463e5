internal import Records

/// A rule that changes its own results, so that nothing may go through it twice.
struct UnrepeatableRule: Sendable {
    let slot: Int
    let transform: any Transform

    static func all(of output: OutputReleasePlan) -> [UnrepeatableRule] {
        output.rules.enumerated().compactMap { slot, rule in
            rule.transform.flatMap {
                $0.isRepeatable ? nil : UnrepeatableRule(slot: slot, transform: $0)
            }
        }
    }
}

/// Records of a store that are not in a stretch that is known.
extension ChunkRelease {
    /// Asks what was done to the record at hand when it looks as if something was: a line that is
    /// known stays as far as it was dealt with, another one is counted.
    ///
    /// Most new records have no value that looks so, and nobody is asked about them.
    mutating func recall(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader
    ) {
        // Beside tables nothing may be due any more where something was.
        guard context.time != nil, !context.age.due.isEmpty || plan.notesAll else { return }
        let (isFormed, isCertain) = form(row, table, bytes, reader)
        guard isFormed else { return }
        let line = LineDigest(of: bytes.extracting(table.range(row)))
        if let index = plan.lines?.earlierRun(ofLine: line) {
            context.dealtWith = dealtWith(by: plan.earlierRuns[index])
        } else if isCertain, !context.age.due.isEmpty {
            counts.formed += 1
        }
    }

    /// What was dealt with in the record at hand, which stands in a stretch of which only the lines
    /// tell that: all in which something was are remembered.
    mutating func remembered(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader
    ) -> DueSet {
        let line = LineDigest(of: bytes.extracting(table.range(row)))
        let index = plan.lines?.earlierRun(ofLine: line)
        let isOpen = index.map { leavesTablesOpen(plan.earlierRuns[$0]) } ?? true
        if isOpen, !context.age.due.isEmpty, form(row, table, bytes, reader).isCertain {
            counts.unremembered += 1
        }
        guard let index else { return [] }
        return dealtWith(by: plan.earlierRuns[index])
    }

    /// True when it would take the tables of that run to know what was dealt with.
    private func leavesTablesOpen(_ run: ReleasePlan.EarlierRun) -> Bool {
        switch run {
        case .under(_, let knowsTables), .fieldwise(_, let knowsTables, _):
            !knowsTables && !tableClocks.isEmpty
        case .exactly, .byLine: false
        }
    }

    /// True when the record at hand has a value that looks like a result of a rule that changes its
    /// own results; certain where nothing else looks so.
    private func form(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader
    ) -> (isFormed: Bool, isCertain: Bool) {
        var form = (isFormed: false, isCertain: false)
        for rule in unrepeatable where hasForm(rule, row, table, bytes, reader) {
            form.isFormed = true
            form.isCertain = form.isCertain || rule.transform.leavesRecognisableForm
        }
        return form
    }

    private func hasForm(
        _ rule: UnrepeatableRule, _ row: Int, _ table: borrowing RecordTable,
        _ bytes: Span<UInt8>, _ reader: any RecordReader
    ) -> Bool {
        let slice = table.slice(slot: rule.slot, row: row)
        guard slice.isText, slice.length > 0 else { return false }
        guard slice.kind == .escapedText else {
            return rule.transform.isReleased(
                FieldValue(
                    bytes: bytes.extracting(slice.offset..<slice.end), kind: slice.kind))
        }
        var text = ByteBuffer(capacity: 64)
        reader.decode(slice, in: bytes, into: &text)
        return rule.transform.isReleased(FieldValue(bytes: text.bytes, kind: slice.kind))
    }
}
