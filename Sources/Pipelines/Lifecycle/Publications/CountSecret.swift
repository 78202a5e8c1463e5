internal import KeyedHashing
internal import Publication
internal import Records
internal import Statistics

/// By what the counts of a period are changed before they are told, where the pipeline says so.
///
/// It is made from the month's key: every publication of the month changes the same figure in the
/// same way, nobody without the key can tell how, and it dies with the key.
struct CountSecret {
    let method: ControlMethod
    /// What the cell-key method gives each person; nil for rounding.
    let recordKeys: RecordKeys?

    /// Nil for a pipeline that tells counts as they are.
    init?(_ plan: Plan, _ counts: CountsRule, _ period: CalendarMonth) throws(PipelineFailure) {
        if counts == .exact { return nil }
        let secret = try Self.secret(plan, period)
        switch counts {
        case .exact: return nil
        case .rounded(let rounding):
            method = .rounding(
                rounding, RoundingKey(secret, period: Array(period.text.utf8)))
            recordKeys = nil
        case .cellKey(let table):
            method = .cellKey(table)
            recordKeys = RecordKeys(secret)
        }
    }

    private static func secret(
        _ plan: Plan, _ period: CalendarMonth
    ) throws(PipelineFailure) -> HMACSHA256 {
        guard let access = KeyStoreAccess(plan: plan) else {
            throw .internalFault("counts are to be changed under a key, and there is none")
        }
        let store = try access.open(creating: false)
        do {
            guard case .alive(let key) = try store.key(for: period, creatingIfMissing: false)
            else {
                throw PipelineFailure.refused(
                    "the key of \(period.text) is gone: its counts could not be changed in the "
                        + "same way again")
            }
            return try key.tokens.secret(for: "counts of publications")
        } catch let failure as PipelineFailure {
            throw failure
        } catch { throw .keys("\(error)") }
    }
}
