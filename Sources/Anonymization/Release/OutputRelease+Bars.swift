internal import Records

/// What an opt-out takes out of stored records.
extension OutputRelease {
    /// True when something of a stored record is left that `barred` takes: what an earlier opt-out
    /// took, or a rule, is not taken again.
    mutating func hasAnything(
        of barred: CategorySet, _ view: borrowing RecordView, _ table: borrowing RecordTable
    ) -> Bool {
        for slot in 0..<table.slotCount where rules[slot].isBarred(by: barred) {
            let slice = table.slice(slot: slot, row: view.row)
            if slice.kind == .several {
                for element in slice.offset..<slice.end where isSaid(table.elements[element]) {
                    return true
                }
            } else if isSaid(slice) {
                return true
            }
        }
        // What nobody named goes with everything.
        guard barred == .all, !plan.keepsUnnamed, plan.mode == .spliced, plan.syntax == .json
        else { return false }
        return hasMember(view.bytes.extracting(table.range(view.row)))
    }

    private func isSaid(_ slice: FieldSlice) -> Bool { slice.hasValue && slice.length > 0 }

    /// True for a JSON object with anything in it.
    private func hasMember(_ object: Span<UInt8>) -> Bool {
        var braces = 0
        for index in object.indices where !SpliceSyntax.isBlank(object[index]) {
            let isBrace = object[index] == UInt8(ascii: braces == 0 ? "{" : "}")
            guard isBrace else { return true }
            braces += 1
        }
        return false
    }
}
