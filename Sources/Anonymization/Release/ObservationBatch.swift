package import KeyedHashing
package import Records

/// What the measures of the statistics may see of the records of one chunk.
///
/// Only this module can add to it. Texts are either released by a field rule or, for identities,
/// tokens; so nothing a measure keeps can be an identifier. Inputs are numbered by the plan; each
/// is a column, because measures go through one input of all rows after the other.
@usableFromInline package struct ObservationBatch: ~Copyable {
    package let textInputCount: Int
    package let tokenInputCount: Int

    /// The number of rows.
    package private(set) var count = 0

    /// The time of each row in milliseconds since 1970, UTC.
    package private(set) var times = FlatArray<Int64>(capacity: 1024)

    /// Days since 1970-01-01 in the pipeline's zone, one per row.
    package private(set) var days = FlatArray<Int32>(capacity: 1024)

    /// Hour of the day in the pipeline's zone, 0 to 23, one per row.
    package private(set) var hours = FlatArray<UInt8>(capacity: 1024)

    /// Which statistics may count the row: bit `i` for statistic `i` of the plan.
    package private(set) var statistics = FlatArray<UInt64>(capacity: 1024)

    /// The text inputs by column. A slice with the top bit of `start` set lies in `arena` (the bit
    /// taken away is the offset); otherwise in the chunk. Never of kind `escapedText`.
    package internal(set) var texts: OwnedList<FlatArray<FieldSlice>>

    /// The tokens by column; `Token.none` for a missing identity.
    package internal(set) var tokens: OwnedList<FlatArray<Token>>

    package internal(set) var arena = ByteBuffer(capacity: 1 << 16)

    /// The bit of `FieldSlice.start` that says "in the arena".
    @inlinable package static var arenaBit: UInt32 { 1 << 31 }

    init(textInputCount: Int, tokenInputCount: Int) {
        self.textInputCount = textInputCount
        self.tokenInputCount = tokenInputCount
        texts = OwnedList(count: textInputCount) { _ in FlatArray(capacity: 1024) }
        tokens = OwnedList(count: tokenInputCount) { _ in FlatArray(capacity: 1024) }
    }

    mutating func removeAll() {
        count = 0
        times.truncate(to: 0)
        days.truncate(to: 0)
        hours.truncate(to: 0)
        statistics.truncate(to: 0)
        for input in texts.indices { texts[input].truncate(to: 0) }
        for input in tokens.indices { tokens[input].truncate(to: 0) }
        arena.removeAll()
    }

    /// Adds a row; the caller appends its texts and tokens, before or afterwards.
    mutating func appendRow(time: Int64, day: Int32, hour: UInt8, statistics mask: UInt64) {
        times.append(time)
        days.append(day)
        hours.append(hour)
        statistics.append(mask)
        count += 1
    }
}
