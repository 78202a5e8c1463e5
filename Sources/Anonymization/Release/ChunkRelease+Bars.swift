internal import KeyedHashing
internal import Records

/// Opt-outs and the registry of subjects.
extension ChunkRelease {
    /// Asks who the record is about: the one place where opt-outs, holds, erasures and restrictions
    /// are looked up.
    mutating func bar(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader, _ optOuts: OptOutIndex
    ) {
        context.barred = []
        if hasOptOuts { barByList(row, table, bytes, reader, optOuts) }
        // Asked before: to look at the matcher itself is to copy it.
        if hasCorrection, let corrected = plan.corrected {
            let match = corrected.match(row, table, bytes, reader)
            context.isCorrected = match.isSure
            context.isCorrectionUndecided = match.isUndecided
        }
        guard hasRegister else { return }
        var verdict = subjects.ask(slots, time: context.time, row, table, bytes, reader)
        if !plan.erasures.isEmpty { erase(row, table, bytes, reader, &verdict) }
        context.verdict = verdict
        context.barred.formUnion(verdict.optedOut)
        context.heldIn =
            !verdict.isHeld ? 0 : plan.isStored ? .max : verdict.shownIn
        guard context.heldIn != 0 else { return }
        // It stays as it is: what was not yet due when it was written is readable.
        context.pastClocks = context.dealtWith
    }

    /// Finds the records of pending erasures, those too that only a token tells.
    private mutating func erase(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader, _ verdict: inout SubjectVerdict
    ) {
        for (index, erasure) in plan.erasures.enumerated() {
            if let until = erasure.until, let time = context.time, time >= until { continue }
            // What does not say of which customer goes too, as the registry has it for late
            // records: otherwise a record's neighbours would decide whether it is found.
            let match = erasure.matcher.match(row, table, bytes, reader)
            guard match != .none else { continue }
            verdict.isErased = true
            // A hold names a person, a token does not: in doubt the hold binds, because what is
            // erased cannot be had back.
            if match.isToken, erasure.doubts.contains(where: { $0.covers(context.time) }) {
                verdict.isHeld = true
            }
            if verdict.isHeld {
                counts.erasures[index].held += 1
            } else {
                counts.erasures[index].erased += 1
                if match.isUndecided { counts.erasures[index].undecided += 1 }
                if erasure.matcher.sought.isStructured(row, table) {
                    counts.erasures[index].structured += 1
                }
            }
        }
    }

    private mutating func barByList(
        _ row: Int, _ table: borrowing RecordTable, _ bytes: Span<UInt8>,
        _ reader: any RecordReader, _ optOuts: OptOutIndex
    ) {
        slots.names.withCustomerAndPerson(row, table, bytes, reader) { customer, person in
            bar(customer, person, optOuts)
            slots.names.withTextsInside(.user, row, table, bytes, reader) { text in
                bar(customer, text, optOuts)
            }
            slots.names.withTextsInside(.customer, row, table, bytes, reader) { text in
                bar(text, person, optOuts)
            }
        }
    }

    private mutating func bar(
        _ customer: Span<UInt8>, _ person: Span<UInt8>, _ optOuts: OptOutIndex
    ) {
        context.barred.formUnion(
            optOuts.answer(
                customer: customer, person: person, eventTime: context.time, matches: &matches
            ).effect(plan.optOutBasis))
    }
}
