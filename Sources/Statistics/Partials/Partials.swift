/// Partials of one plan, to be merged or turned into tables.
package struct Partials {
    private let files: [any SpillFile]
    /// For each file what is left out of it; empty: nothing anywhere.
    private let removals: [PartialRemoval?]
    let plan: StatisticsPlan
    private let storage: any SpillStorage
    private let limits: PartialLimits

    /// The partials in `files`; `storage` takes what is merged in between when there are very many.
    package init(
        _ files: [any SpillFile], plan: StatisticsPlan, storage: any SpillStorage,
        limits: PartialLimits = PartialLimits()
    ) {
        self.init(files, removals: [], plan: plan, storage: storage, limits: limits)
    }

    private init(
        _ files: [any SpillFile], removals: [PartialRemoval?], plan: StatisticsPlan,
        storage: any SpillStorage, limits: PartialLimits
    ) {
        self.files = files
        self.removals = removals
        self.plan = plan
        self.storage = storage
        self.limits = limits
    }

    /// The same partials, each with what is to be left out of it: everything that is made of them
    /// is made as if that had never been counted. Nothing is copied, so texts and tokens of what is
    /// left out stay in what is merged into a file.
    package init(
        _ parts: [(file: any SpillFile, removal: PartialRemoval?)], plan: StatisticsPlan,
        storage: any SpillStorage, limits: PartialLimits = PartialLimits()
    ) {
        self.init(
            parts.map(\.file), removals: parts.map(\.removal), plan: plan, storage: storage,
            limits: limits)
    }

    /// Merges all partials into one, in `file`. The bytes do not depend on the order of the
    /// partials nor on how the rows were spread over them. A plan digest or a key of an epoch that
    /// differs is a fault.
    package func merge(into file: any SpillFile) throws(PartialFault) {
        _ = try merged(into: file)
    }

    /// The same; says where what is in `file`.
    func merged(into file: any SpillFile) throws(PartialFault) -> PartialLandmarks {
        let (opened, header) = try open()
        var merge = opened
        guard let header else { throw PartialFault(.notAPartial) }
        var writer = try PartialWriter(header, to: file)
        try merge.run(into: &writer)
        return try writer.finish()
    }

    /// Where the rows of each statistic keep what.
    var layouts: [StatisticLayout] { plan.statistics.map { StatisticLayout($0, in: plan) } }

    /// What the merge of all partials says about where it comes from.
    package func header() throws(PartialFault) -> PartialHeader? { try open().1 }

    /// The tables of all partials together, not yet fit to be shown to anybody.
    ///
    /// With `recordKeys` each figure has the sum of the keys of the persons behind it, which the
    /// cell-key method changes it by. Values of `rollUp` are counted together.
    package func tables(
        recordKeys: RecordKeys? = nil, rollUp: RollUp = RollUp()
    ) throws(PartialFault) -> [MeasuredTable] {
        var reduction = Reduction(
            plan, recordKeys: recordKeys, rollUp: rollUp, storage: storage)
        try merge(into: &reduction)
        return reduction.tables()
    }

    /// Sends the merge of all partials to `sink`.
    func merge<Sink: PartialSink>(into sink: inout Sink) throws(PartialFault) {
        var merge = try open().0
        try merge.run(into: &sink)
    }

    /// Opens the partials, merged in rounds until few enough are left.
    private func open() throws(PartialFault) -> (PartialMerge, PartialHeader?) {
        var files = files
        var removals = removals
        while files.count > PartialMerge.fanInMax {
            let first = PartialMerge.fanInMax
            let round = Partials(
                Array(files.prefix(first)), removals: Array(removals.prefix(first)), plan: plan,
                storage: storage, limits: limits)
            let merged: any SpillFile
            do { merged = try storage.makeFile() } catch { throw PartialFault(error) }
            try round.merge(into: merged)
            files.removeFirst(first)
            removals.removeFirst(min(first, removals.count))
            files.append(merged)
            if !removals.isEmpty { removals.append(nil) }
        }
        var readers: [PartialReader] = []
        for file in files { readers.append(try PartialReader(file, limits: limits)) }
        let header = try PartialMerge.header(readers)
        return (PartialMerge(readers, layouts, removals: removals), header)
    }
}
