package import KeyedHashing
package import Records

/// What the measures of the statistics may see of the records of one chunk.
///
/// Only this module can add to it. Texts are either released by a field rule or, for identities,
/// tokens; so nothing a measure keeps can be an identifier. Inputs are numbered by the plan:
/// `textInputs` slices and `tokenInputs` tokens per row.
package struct ObservationBatch: ~Copyable {
    package let textInputCount: Int
    package let tokenInputCount: Int

    /// The number of rows.
    package private(set) var count = 0

    /// The time of each row in milliseconds since 1970, UTC.
    package private(set) var times: [Int64] = []

    /// Days since 1970-01-01 in the pipeline's zone, one per row.
    package private(set) var days: [Int32] = []

    /// Hour of the day in the pipeline's zone, 0 to 23, one per row.
    package private(set) var hours: [UInt8] = []

    /// Which statistics may count the row: bit `i` for statistic `i` of the plan.
    package private(set) var statistics: [UInt64] = []

    /// Row-major text inputs. A slice with the top bit of `start` set lies in `arena` (the bit
    /// taken away is the offset); otherwise in the chunk. Never of kind `escapedText`.
    package internal(set) var texts: [FieldSlice] = []

    /// Row-major tokens; `Token.none` for a missing identity.
    package internal(set) var tokens: [Token] = []

    package internal(set) var arena = ByteBuffer(capacity: 1 << 16)

    /// The bit of `FieldSlice.start` that says "in the arena".
    package static let arenaBit: UInt32 = 1 << 31

    init(textInputCount: Int, tokenInputCount: Int) {
        self.textInputCount = textInputCount
        self.tokenInputCount = tokenInputCount
    }

    mutating func removeAll() {
        count = 0
        times.removeAll(keepingCapacity: true)
        days.removeAll(keepingCapacity: true)
        hours.removeAll(keepingCapacity: true)
        statistics.removeAll(keepingCapacity: true)
        texts.removeAll(keepingCapacity: true)
        tokens.removeAll(keepingCapacity: true)
        arena.removeAll()
    }

    /// Adds a row; the caller has appended its texts and tokens.
    mutating func appendRow(time: Int64, day: Int32, hour: UInt8, statistics mask: UInt64) {
        times.append(time)
        days.append(day)
        hours.append(hour)
        statistics.append(mask)
        count += 1
    }
}
