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
        guard context.time != nil, !context.age.due.isEmpty else { return }
        var isFormed = false
        var isCertain = false
        for rule in unrepeatable where hasForm(rule, row, table, bytes, reader) {
            isFormed = true
            isCertain = isCertain || rule.transform.leavesRecognisableForm
        }
        guard isFormed else { return }
        let line = LineDigest(of: bytes.extracting(table.range(row)))
        if let index = plan.lines?.earlierRun(ofLine: line) {
            context.dealtWith = dealtWith(by: plan.earlierRuns[index])
        } else if isCertain {
            counts.formed += 1
        }
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
