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
    package private(set) var times = FlatArray<Int64>(capacity: 1024)

    /// Days since 1970-01-01 in the pipeline's zone, one per row.
    package private(set) var days = FlatArray<Int32>(capacity: 1024)

    /// Hour of the day in the pipeline's zone, 0 to 23, one per row.
    package private(set) var hours = FlatArray<UInt8>(capacity: 1024)

    /// Which statistics may count the row: bit `i` for statistic `i` of the plan.
    package private(set) var statistics = FlatArray<UInt64>(capacity: 1024)

    /// Row-major text inputs. A slice with the top bit of `start` set lies in `arena` (the bit
    /// taken away is the offset); otherwise in the chunk. Never of kind `escapedText`.
    package internal(set) var texts = FlatArray<FieldSlice>(capacity: 4096)

    /// Row-major tokens; `Token.none` for a missing identity.
    package internal(set) var tokens = FlatArray<Token>(capacity: 1024)

    package internal(set) var arena = ByteBuffer(capacity: 1 << 16)

    /// The bit of `FieldSlice.start` that says "in the arena".
    package static let arenaBit: UInt32 = 1 << 31

    init(textInputCount: Int, tokenInputCount: Int) {
        self.textInputCount = textInputCount
        self.tokenInputCount = tokenInputCount
    }

    mutating func removeAll() {
        count = 0
        times.truncate(to: 0)
        days.truncate(to: 0)
        hours.truncate(to: 0)
        statistics.truncate(to: 0)
        texts.truncate(to: 0)
        tokens.truncate(to: 0)
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
