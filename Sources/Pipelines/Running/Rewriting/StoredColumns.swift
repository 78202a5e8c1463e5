internal import Anonymization
internal import Ledger
internal import LogFormats
internal import Records

/// By which columns a file of an output is read, and by which it is written again.
///
/// The columns of the output may be others now than when the file was written. What is none any
/// more is read all the same: it may say whose a record is, and a hold may keep it.
struct StoredColumns {
    /// Those of now, and behind them the withdrawn ones.
    let read: [String]
    /// Of these.
    let written: [String]
    /// What the file names itself; nil in a format without headers.
    let named: [String]?

    /// Those of a file as it lies there.
    init(asIn header: [String]) {
        read = header
        written = header
        named = header
    }

    /// Those of a file of output `index` without a header, as a proof reads it: nothing is written
    /// again. Nil for an output without columns.
    init?(withoutHeader index: Int, _ plan: Plan) {
        guard let own = plan.outputs[index].columns else { return nil }
        read = own + plan.columnsWithoutHeader(index).filter { !own.contains($0) }
        written = own
        named = nil
    }

    /// Those of `part` of output `index`; nil for an output without columns.
    /// `keepingWithdrawn` leaves the withdrawn ones in the file: a hold may bind its records.
    init?(
        of part: PartRecord, _ plan: Plan, output index: Int, _ history: HoldHistory,
        keepingWithdrawn: Bool
    ) throws(PipelineFailure) {
        // A file in another format is refused by whoever reads it, and says why.
        guard let own = plan.outputs[index].columns, history.hasFormat else { return nil }
        named = try plan.header(of: part, output: index)
        let others = named ?? plan.columnsWithoutHeader(index)
        read = own + others.filter { !own.contains($0) }
        guard keepingWithdrawn, read.count > own.count, named != nil || history.hadOtherColumns
        else {
            written = own
            return
        }
        // A name that cannot stand beside the others never did.
        written = others.reduce(own) { columns, name in
            guard !columns.contains(name) else { return columns }
            return (try? plan.outputs[index].format.arranged(columns: columns + [name])) ?? columns
        }
    }
}

extension Plan {
    /// The columns that the header of a part of output `index` names; nil without one.
    func header(
        of part: PartRecord, output index: Int
    ) throws(PipelineFailure) -> [String]? {
        do {
            return try ChunkSource.columns(
                of: part.path, format: outputs[index].format, limits: .ofOwnFiles)
        } catch {
            if case .interrupted = error { throw error }
            // What somebody has changed is called so.
            try PartRewriting.checkContent(part)
            throw error
        }
    }

    /// What columns the records of output `index` may ever have had, where no header says so: of
    /// formats in which a record leaves out what it does not have.
    fileprivate func columnsWithoutHeader(_ index: Int) -> [String] {
        guard outputs[index].format.fieldNames == nil else { return [] }
        return release.fields.names + release.derived.map(\.name)
    }
}
