package import KeyedHashing
package import Records

/// What a run did to a store, as part of its commit.
package struct StoreCommit: Sendable, Equatable {
    /// The name of the store: its stream.
    package var name: String
    /// The digest of the rules that were applied.
    package var rules: Digest256
    /// The clock of the run: what was due then has been dealt with.
    package var settled: EventTime
    /// What the files that were looked at hold now.
    package var contents: [StoreContent] = []
    /// The segments of those contents.
    package var segments: [StoreSegment] = []
    /// What rule sets are, field by field, by their digests: those that are named here.
    package var ruleTexts: [Digest256: String] = [:]
    /// The lines of those contents in which something was dealt with.
    package var lines: [StoreLines] = []
    /// Contents that are gone, all of whose lines are among those of others.
    package var superseded: [ContentIdentity] = []
    /// Where the files lie that are not where they lay, or hold something else.
    package var places: [StorePlace] = []
    /// Paths at which no file of the store lies any more.
    package var gonePlaces: [String] = []
    /// Files rewritten.
    package var files: Int64 = 0
    /// Records changed in them.
    package var changed: Int64 = 0
    /// Records taken out of them.
    package var removed: Int64 = 0

    package init(name: String, rules: Digest256, settled: EventTime) {
        self.name = name
        self.rules = rules
        self.settled = settled
    }
}

/// What a file of a store holds, wherever the file is and whatever it is called.
package struct StoreContent: Sendable, Equatable {
    package var content: ContentIdentity
    package var rules: Digest256
    package var settled: EventTime
    /// When something in it becomes due; nil: never.
    package var nextDue: EventTime?
    package var records: Int64
    /// Lines that cannot be read and were kept.
    package var unreadable: Int64
    /// True when not all of its lines were dealt with as of `settled`: the segments know how.
    package var isMixed: Bool
    /// The number of the last erasure that was looked for in it; 0: none was.
    package var lastErasure: Int64
    /// The run that looked at it last; nil: the one at hand.
    package var run: Int64?

    package init(
        content: ContentIdentity, rules: Digest256, settled: EventTime, nextDue: EventTime?,
        records: Int64, unreadable: Int64, isMixed: Bool = false, lastErasure: Int64 = 0,
        run: Int64? = nil
    ) {
        self.content = content
        self.rules = rules
        self.settled = settled
        self.nextDue = nextDue
        self.records = records
        self.unreadable = unreadable
        self.isMixed = isMixed
        self.lastErasure = lastErasure
        self.run = run
    }
}

/// A segment of what a store held, and what was dealt with in it.
package struct StoreSegment: Sendable, Equatable {
    package var segment: CountedSegment
    /// The clock under which it was looked at last.
    package var settled: EventTime
    /// The set of those clocks, one bit each in the order of the rules, whose fields are dealt
    /// with; nil: just those that had run out at `settled`. They differ where a hold keeps
    /// something from being done, or an earlier run had a later clock.
    package var dealtClocks: UInt64?
    /// The rules under which that was.
    package var rules: Digest256
    /// The run that looked at it last; nil: the one at hand.
    package var run: Int64?

    package init(
        segment: CountedSegment, rules: Digest256, settled: EventTime, dealtClocks: UInt64? = nil,
        run: Int64? = nil
    ) {
        self.segment = segment
        self.rules = rules
        self.settled = settled
        self.dealtClocks = dealtClocks
        self.run = run
    }
}

/// What was dealt with in lines of a store; the members are those of `StoreSegment`.
package struct StoreLineKind: Sendable, Hashable {
    package var rules: Digest256
    package var settled: EventTime
    package var dealtClocks: UInt64?

    package init(rules: Digest256, settled: EventTime, dealtClocks: UInt64?) {
        self.rules = rules
        self.settled = settled
        self.dealtClocks = dealtClocks
    }
}

/// Lines of one content in which the same was dealt with.
package struct StoreLines: Sendable, Equatable {
    package var content: ContentIdentity
    package var kind: StoreLineKind
    /// Eight bytes of the digest of each line, in ascending order.
    package var lines: [UInt64]

    package init(content: ContentIdentity, kind: StoreLineKind, lines: [UInt64]) {
        self.content = content
        self.kind = kind
        self.lines = lines
    }
}

/// What the last run left at one place of a store.
package struct StorePlace: Sendable, Equatable {
    package var path: String
    /// The plain bytes.
    package var content: ContentIdentity
    /// Records under a hold.
    package var held: Int64
    /// True when something in it was dealt with: nobody has a reason to change it.
    package var isAged: Bool
    /// When something in it becomes due; nil: never.
    package var nextDue: EventTime?

    package init(
        path: String, content: ContentIdentity, held: Int64, isAged: Bool, nextDue: EventTime?
    ) {
        self.path = path
        self.content = content
        self.held = held
        self.isAged = isAged
        self.nextDue = nextDue
    }
}
