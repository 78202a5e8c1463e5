import KeyedHashing
import Records

/// Makes the tables of what a task put aside, on several threads.
///
/// Texts and tokens are merged first. Then the rows of each statistic are a piece of work, and of
/// each sessions measure so are some ranges of keys, the intervals of which no other piece needs.
struct SpilledTables {
    private let plan: StatisticsPlan
    /// Takes what exact figures need.
    private let storage: any SpillStorage
    private let merge: PartialMerge
    private let landmarks: [PartialLandmarks]
    private let texts: [[UInt8]]

    /// Opens `parts`, of which there may be `PartialMerge.fanInMax`, and merges their dictionaries;
    /// `storage` takes what exact figures need.
    init(
        _ parts: [SpilledPartial],
        plan: StatisticsPlan,
        storage: any SpillStorage,
        threads: Int,
        by run: ThreadRunner
    ) throws(PartialFault) {
        self.plan = plan
        self.storage = storage
        landmarks = parts.map(\.landmarks)
        var opened = OwnedList(count: parts.count) { OpenedPartial(parts[$0].file) }
        opened.changeAll(in: Array(opened.indices), threads: threads, by: run) { $1.open() }
        var readers: [PartialReader] = []
        for index in opened.indices { readers.append(try opened[index].reader()) }
        let layouts = plan.statistics.map { StatisticLayout($0, in: plan) }
        var merge = PartialMerge(readers, layouts)
        readers = []
        var dictionary = Reduction(plan)
        try merge.mergeTexts(&dictionary)
        try merge.mergeTokens(&dictionary)
        for index in merge.readers.indices { merge.readers[index].rest() }
        self.merge = merge
        texts = dictionary.texts
    }

    /// The tables, worked out by `threads` threads of `run` at a time.
    ///
    /// Some statistics at once, enough for all threads: what exact figures of sessions need is held
    /// until the table is made of it.
    func tables(
        threads: Int,
        by run: ThreadRunner
    ) throws(PartialFault) -> [MeasuredTable] {
        let enough = threads == 1 ? 1 : Self.rangesPerThread * threads
        let empty = Reduction(plan, storage: storage)
        var tables: [MeasuredTable] = []
        var statistic = 0
        var section = 0
        while statistic < merge.layouts.count {
            let first = statistic
            var work: [TablePiece] = []
            while statistic < merge.layouts.count, work.count < enough {
                work += pieces(of: statistic, from: &section, empty, threads)
                statistic += 1
            }
            var pieces = OwnedList(count: work.count) { work[$0] }
            work = []
            pieces.changeAll(in: Array(pieces.indices), threads: threads, by: run) { $1.run() }
            tables += try self.tables(of: first..<statistic, &pieces)
        }
        return tables
    }

    /// The tables of some statistics, of which `pieces` are done.
    private func tables(
        of statistics: Range<Int>,
        _ pieces: inout OwnedList<TablePiece>
    ) throws(PartialFault) -> [MeasuredTable] {
        var tables: [MeasuredTable] = []
        var next = 0
        for layout in merge.layouts[statistics] {
            var reduction = try pieces[next].takeRows()
            next += 1
            for measure in layout.sessions.indices {
                var sessions: SessionReduction?
                while next < pieces.count, pieces[next].measure == measure {
                    guard let range = try pieces[next].takeRange() else { break }
                    if sessions == nil { sessions = range } else { sessions?.merge(range) }
                    next += 1
                }
                if let sessions { try reduction.endIntervals(with: sessions) }
            }
            tables += reduction.tables()
        }
        return tables
    }

    // MARK: Pieces

    /// The pieces of statistic `index`, whose sections begin with `section`; then that is the first
    /// of the next statistic.
    private func pieces(
        of index: Int,
        from section: inout Int,
        _ empty: Reduction,
        _ threads: Int
    ) -> [TablePiece] {
        let layout = merge.layouts[index]
        let starts = landmarks.map { $0.sections[section][0] }
        var pieces = [TablePiece(merge, starts, empty.of(statistic: index, texts), layout)]
        section += 1
        for measure in layout.sessions.indices {
            for range in ranges(section, layout, atMost: threads) {
                let starts = landmarks.indices.map { start(section, of: $0, range, layout) }
                let reduction = empty.of(statistic: index, texts, measure: measure)
                pieces.append(
                    TablePiece(merge, starts, reduction, layout, measure: measure, range)
                )
            }
            section += 1
        }
        return pieces
    }

    /// Ranges of about as many intervals each, so that one thread is not left with most of them.
    /// All pieces of a session have the same head: no range ends within one. Who is behind
    /// separable figures is found by an order that ranges would break.
    private func ranges(
        _ section: Int,
        _ layout: StatisticLayout,
        atMost threads: Int
    ) -> [KeyRange] {
        var ranges = [KeyRange()]
        if threads == 1 || layout.isSeparable { return ranges }
        let longest = landmarks.indices.max {
            landmarks[$0].sections[section].count < landmarks[$1].sections[section].count
        }
        guard let longest else { return ranges }
        let places = landmarks[longest].sections[section]
        let count = Self.rangesPerThread * threads
        for number in 1..<count {
            let place = places[places.count * number / count]
            let bound = head(place, of: longest, layout)
            let lower = ranges[ranges.count - 1].lower
            let isBehind = lower.isEmpty || KeyRange.order(bound, lower) > 0
            guard !bound.isEmpty, isBehind else { continue }
            ranges[ranges.count - 1].upper = bound
            ranges.append(KeyRange(lower: bound))
        }
        return ranges
    }

    private static let rangesPerThread = 4

    /// Where partial `index` is to be read for `range`: the last place with nothing of it before.
    private func start(
        _ section: Int,
        of index: Int,
        _ range: KeyRange,
        _ layout: StatisticLayout
    ) -> PartialLandmarks.Place {
        let places = landmarks[index].sections[section]
        var low = 0
        var high = places.count
        while low + 1 < high {
            let middle = (low + high) / 2
            let key = head(places[middle], of: index, layout)
            if KeyRange.order(key, range.lower) < 0 { low = middle } else { high = middle }
        }
        return places[low]
    }

    /// The leading words of the key at `place`, in the numbers of the merge.
    private func head(
        _ place: PartialLandmarks.Place,
        of index: Int,
        _ layout: StatisticLayout
    ) -> [UInt32] {
        zip(layout.sessionHead, place.key).map { word, number in
            switch word {
            case .text: merge.textNumbers[index][Int(number)]
            case .token: merge.tokenNumbers[index][Int(number)]
            case .month, .day, .hour, .dimension: number
            }
        }
    }
}

/// A partial that a thread opens, which takes a look at all its bytes.
private struct OpenedPartial {
    private let file: any SpillFile
    private var opened: Result<PartialReader, PartialFault>?

    init(_ file: any SpillFile) { self.file = file }

    mutating func open() {
        do throws(PartialFault) {
            opened = .success(try PartialReader(file))
        } catch {
            opened = .failure(error)
        }
    }

    func reader() throws(PartialFault) -> PartialReader {
        guard let opened else { throw PartialFault(.damaged) }
        return try opened.get()
    }
}

/// The rows of a statistic, or a range of the intervals of one of its sessions measures, and what
/// became of them.
private struct TablePiece {
    /// The sessions measure; nil for rows.
    let measure: Int?
    private let layout: StatisticLayout
    private let starts: [PartialLandmarks.Place]
    private var merge: PartialMerge
    private var reduction: Reduction?
    private var sessions: SessionReduction?
    private var fault: PartialFault?

    init(
        _ merge: PartialMerge,
        _ starts: [PartialLandmarks.Place],
        _ reduction: Reduction,
        _ layout: StatisticLayout,
        measure: Int? = nil,
        _ range: KeyRange = KeyRange()
    ) {
        self.merge = merge
        self.merge.range = range
        self.starts = starts
        self.reduction = reduction
        self.layout = layout
        self.measure = measure
    }

    mutating func run() {
        do throws(PartialFault) { try work() } catch { fault = error }
        // What was read ahead goes before the next piece begins.
        merge.readers = []
    }

    private mutating func work() throws(PartialFault) {
        // Partials that are many share the room of a few.
        let window = max(
            PartialReader.windowBytesMax / max(starts.count / 4, 1),
            Self.windowBytesMin
        )
        for index in starts.indices {
            try merge.readers[index].seek(to: starts[index], windowBytes: window)
        }
        guard var sink = reduction.take() else { return }
        if let measure {
            let gap = layout.sessions[measure].plan.gapMilliseconds
            try merge.mergeIntervals(layout, gap: gap, &sink)
            sessions = try sink.endRange()
        } else {
            try merge.mergeRows(layout, &sink)
            reduction = consume sink
        }
    }

    private static let windowBytesMin = 1 << 12

    /// Gives the reduction of the rows away: as long as it was here, too, whoever changes it would
    /// change a copy. To be called once.
    mutating func takeRows() throws(PartialFault) -> Reduction {
        if let fault { throw fault }
        guard let taken = reduction.take() else { throw PartialFault(.damaged) }
        return taken
    }

    /// Gives the sessions of the range away; none of rows.
    mutating func takeRange() throws(PartialFault) -> SessionReduction? {
        if let fault { throw fault }
        return sessions.take()
    }
}
