internal import Records

extension ExactDecimal {
    /// The binary number nearest to it: what any reader of its decimal text gets.
    package var nearestDouble: Double {
        let (whole, fraction) = billionths.quotientAndRemainder(dividingBy: Self.one)
        if fraction == 0 { return Double(whole) }
        // Both numbers are exact, so the quotient is rounded once.
        if billionths.magnitude < 1 << 53 { return Double(billionths) / Double(Self.one) }
        var text = ByteBuffer()
        append(to: &text)
        // Own digits always are a number.
        return Double(String(decoding: text.array(), as: UTF8.self)) ?? Double(whole)
    }
}
