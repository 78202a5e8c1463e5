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
    package var segments: [CountedSegment] = []
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

    package init(
        content: ContentIdentity, rules: Digest256, settled: EventTime, nextDue: EventTime?,
        records: Int64, unreadable: Int64
    ) {
        self.content = content
        self.rules = rules
        self.settled = settled
        self.nextDue = nextDue
        self.records = records
        self.unreadable = unreadable
    }
}

/// A segment of what a store held, and the clock under which it was dealt with.
package struct StoreSegment: Sendable, Equatable {
    package var segment: CountedSegment
    package var settled: EventTime
}
