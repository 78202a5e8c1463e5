/// Random rounding of counts to multiples of a base (science.md §5.5).
///
/// A count r above a multiple goes up with probability r / base and down otherwise, so the
/// expectation is the count. Each total is rounded by itself: rounded tables do not add up.
package struct RandomRounding: Sendable, Equatable {
    /// 3 or 5.
    package let base: Int

    /// Nil unless the base is 3 or 5.
    package init?(base: Int) {
        guard base == 3 || base == 5 else { return nil }
        self.base = base
    }

    /// The count rounded by a number drawn for the cell and the count, each of 2^64 as likely.
    package func rounded(_ count: Int64, draw: UInt64) -> Int64 {
        let rest = count % Int64(base)
        if rest == 0 { return count }
        // The first `rest` of `base` equal shares of all draws go up.
        let share = draw.multipliedFullWidth(by: UInt64(base)).high
        return share < UInt64(rest) ? count - rest + Int64(base) : count - rest
    }
}
