internal import FileSystem
internal import KeyedHashing
internal import LogFormats
internal import Publication
internal import Records
internal import Statistics

/// The rows of one output on their way through the risk gate.
///
/// Where something is demanded they are put aside until all are measured, then written coarser, or
/// without those whose class is too small; where nothing is, they are estimated and pass at once.
final class GuardedOutput {
    /// The bytes of one block that were put aside.
    private struct Piece {
        let source: Int
        let route: Int32
        let start: Int
        let length: Int
        let oldestReadableDay: Int32
        let newestDay: Int32
    }

    private let output: OutputPlan
    private let plan: RowRiskPlan
    private let rows: RiskRows
    private let person: RowPerson
    private var estimate: RiskEstimate
    private var survey: RiskSurvey?
    private let file: (any SpillFile)?
    private var pieces: [Piece] = []
    private var columns: [String]?

    init(
        _ output: OutputPlan, _ plan: RowRiskPlan, _ limits: RecordLimits,
        _ storage: any SpillStorage
    ) throws(PipelineFailure) {
        self.output = output
        self.plan = plan
        rows = RiskRows(plan, output.format, limits)
        let key: HMACSHA256
        do { key = HMACSHA256(key: try SecretKey.random()) } catch {
            throw .internalFault("the system gave no random bytes")
        }
        person = RowPerson(hasher: key)
        estimate = RiskEstimate(key: key)
        survey = plan.demand.map { RiskSurvey($0, key: key, storage: storage) }
        do { file = plan.demand == nil ? nil : try storage.makeFile() } catch {
            throw .storage("cannot put rows aside: \(error.reason)")
        }
    }

    /// Measures the rows of `block`; true when they may be written at once.
    func take(
        _ block: OutputBytes.Block, source: Int, columns: [String]?
    ) throws(PipelineFailure) -> Bool {
        self.columns = output.columns ?? columns
        guard try measure(all: block.bytes) else { throw unreadable }
        guard let file else { return true }
        pieces.append(
            Piece(
                source: source, route: block.route, start: file.count,
                length: block.bytes.count, oldestReadableDay: block.oldestReadableDay,
                newestDay: block.newestDay))
        try putAside(block.bytes, in: file)
        return false
    }

    /// False when a row cannot be measured.
    private func measure(all bytes: borrowing ByteBuffer) throws(PipelineFailure) -> Bool {
        try rows.forEach(in: bytes.bytes, columns: columns) { row throws(PipelineFailure) in
            try self.measure(row)
        }
    }

    private func putAside(
        _ bytes: borrowing ByteBuffer, in file: any SpillFile
    ) throws(PipelineFailure) {
        do { try file.append(bytes.bytes) } catch {
            throw .storage("cannot put rows aside: \(error.reason)")
        }
    }

    private func measure(_ row: RiskRows.Row) throws(PipelineFailure) {
        let quasi = Array(row.values.prefix(plan.quasiIdentifierCount))
        let token = person.token(row.values[plan.person])
        guard plan.demand != nil else { return estimate.add(quasi, person: token) }
        do {
            try survey?.add(
                quasi, person: token, sensitive: plan.sensitive.map { row.values[$0] } ?? [])
        } catch { throw Self.failure(error) }
    }

    /// Writes what may be written; `removed` is told how many rows of which source are left out.
    func finish(
        _ write: (OutputBytes.Block) throws(PipelineFailure) -> Void,
        removed: (_ source: Int, _ rows: Int) -> Void
    ) throws(PipelineFailure) -> RunReport.Risk {
        guard let survey = survey.take(), let file else {
            return RunReport.Risk(output.name, plan, estimate)
        }
        let report: RiskReport
        do { report = try survey.finish() } catch { throw Self.failure(error) }
        guard let release = report.release else { throw refusal(report) }
        let writer = SafeRows(plan, release, isJSON: output.format.quoteRule == .always)
        var bytes: [UInt8] = []
        for piece in pieces {
            do { try file.read(at: piece.start, atMost: piece.length, into: &bytes) } catch {
                throw .storage("cannot read rows that were put aside: \(error.reason)")
            }
            let content = bytes
            let block = OutputBytes.Block()
            block.route = piece.route
            block.oldestReadableDay = piece.oldestReadableDay
            block.newestDay = piece.newestDay
            var left = 0
            let isRead = try rows.forEach(in: content.span, columns: columns) {
                row throws(PipelineFailure) in
                if writer.write(row, of: content.span, into: block) { return }
                left += 1
            }
            guard isRead else { throw unreadable }
            if left > 0 { removed(piece.source, left) }
            if block.records > 0 { try write(block) }
        }
        return RunReport.Risk(output.name, plan, report)
    }

    // MARK: Failures

    private var unreadable: PipelineFailure {
        .refused(
            "\(output.name): the risk of its rows cannot be told: a row that was written cannot "
                + "be read again")
    }

    private func refusal(_ report: RiskReport) -> PipelineFailure {
        let last = report.levels[report.levels.count - 1]
        let values = report.plan.values.map { " and \($0) values" } ?? ""
        let coarsest =
            report.levels.count > 1
            ? "with all \(counted(report.levels.count - 1, "step")) of the ladder" : "as they are"
        return .refused(
            "\(output.name): nothing was written, because persons do not hide in its rows: "
                + "\(coarsest), \(last.rowsBelow) of \(counted(Int(last.rows), "row")) are in "
                + "classes of fewer than \(report.plan.persons) persons\(values). Expected coarser "
                + "fields, fewer quasi-identifiers, another step, or a larger `remove`")
    }

    private static func failure(_ fault: RiskFault) -> PipelineFailure {
        .storage("cannot measure the risk of rows: \(fault.description)")
    }
}
