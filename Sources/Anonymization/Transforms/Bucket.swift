package import Records

/// `bucket`: a number becomes the range that it falls into.
///
/// Numbers are read exactly, in decimal, never as floating point: 0.1 + 0.2 has no say in which
/// range a value belongs to. A fraction counts as the whole number below it.
package struct Bucket: Transform {
    /// The most edges that may be listed.
    package static let edgesMax = 256

    package static let descriptor = TransformDescriptor(
        name: "bucket",
        summary: "Turns a number into the range that it falls into, such as `10-99`.",
        guarantees: "Only the range is written. Whatever is not a decimal number is dropped.",
        leaks: "A narrow range, or one into which few values fall, can still single a record out; "
            + "with `width` a very large value makes a range of its own.",
        options: [
            OptionDescriptor(
                "edges", values: "a list of whole numbers, ascending, 1 to 256 of them",
                standard: "none",
                help: "Where ranges begin: [0, 10, 100] gives `<0`, `0-9`, `10-99` and `100+`."),
            OptionDescriptor(
                "width", values: "a whole number from 2 to 1000000000000", standard: "none",
                help: "Equal ranges instead of edges: 10 gives `0-9`, `10-19` and so on. A range "
                    + "below zero is written `-10..-1`."),
        ],
        shorthand: "edges",
        make: { settings, _ in
            let edges = settings.texts("edges")
            let width = settings.integer("width", in: 2...1_000_000_000_000)
            let asksForWidth = settings.keys.contains { $0.name == "width" }
            if asksForWidth, edges == nil {
                return width.map { Bucket(width: Int64($0)) }
            }
            guard let edges, !asksForWidth else {
                settings.faults.add(
                    "expected either `edges` or `width`", at: settings.position,
                    path: settings.path)
                return nil
            }
            let numbers = edges.compactMap { Int64($0) }
            guard numbers.count == edges.count, (1...edgesMax).contains(numbers.count),
                zip(numbers, numbers.dropFirst()).allSatisfy({ $0 < $1 })
            else {
                settings.faults.add(
                    "expected 1 to \(edgesMax) whole numbers, each greater than the one before",
                    at: settings.position, path: settings.path(of: "edges"))
                return nil
            }
            return Bucket(edges: numbers)
        })

    private enum Rule: Sendable {
        /// Label `i` stands for what lies below edge `i`, the last one for the rest.
        case edges([Int64], labels: [[UInt8]])
        case width(Int64)
    }

    private let rule: Rule

    /// Ranges that begin at `edges`, which must ascend.
    package init(edges: [Int64]) {
        var labels = edges.first.map { [Array("<\($0)".utf8)] } ?? []
        for (first, next) in zip(edges, edges.dropFirst()) {
            labels.append(Self.label(first, next - 1))
        }
        if let last = edges.last { labels.append(Array("\(last)+".utf8)) }
        rule = .edges(edges, labels: labels)
    }

    /// Ranges of `width` whole numbers each, one of which begins at 0.
    package init(width: Int64) { rule = .width(max(width, 1)) }

    package func apply(
        _ value: borrowing FieldValue, _ context: borrowing TransformContext,
        into output: inout ByteBuffer
    ) -> TransformResult {
        switch value.kind {
        case .text, .escapedText, .number: break
        case .absent, .null, .boolean, .structure, .several: return .dropped
        }
        guard let floor = DecimalFloor(value.bytes) else { return .dropped }
        switch rule {
        case .edges(let edges, let labels):
            var index = 0
            while index < edges.count, edges[index] <= floor.value { index += 1 }
            output.append(labels[index])
        case .width(let width):
            guard !floor.isSaturated else { return .dropped }
            let remainder = floor.value % width
            let below = remainder < 0 ? remainder + width : remainder
            let (first, underflow) = floor.value.subtractingReportingOverflow(below)
            let (last, overflow) = first.addingReportingOverflow(width - 1)
            guard !underflow, !overflow else { return .dropped }
            output.append(Self.label(first, last))
        }
        return .plainText
    }

    package var isRepeatable: Bool { false }

    package func isReleased(_ value: borrowing FieldValue) -> Bool {
        guard value.isText else { return false }
        let bytes = value.bytes
        switch rule {
        case .edges(_, let labels):
            return labels.contains { ReleasedForm.isSame(bytes, $0) }
        case .width(let width):
            var end = bytes.count > 0 && bytes[0] == UInt8(ascii: "-") ? 1 : 0
            while end < bytes.count, bytes[end] &- 48 < 10 { end += 1 }
            guard let first = DecimalFloor(bytes.extracting(0..<end)), !first.isSaturated,
                first.value % width == 0
            else { return false }
            let (last, overflow) = first.value.addingReportingOverflow(width - 1)
            return !overflow && ReleasedForm.isSame(bytes, Self.label(first.value, last))
        }
    }

    private static func label(_ first: Int64, _ last: Int64) -> [UInt8] {
        if first == last { return Array("\(first)".utf8) }
        return Array((first < 0 ? "\(first)..\(last)" : "\(first)-\(last)").utf8)
    }
}

/// The greatest whole number that is not above a decimal number, read digit by digit.
///
/// Takes a sign, digits, a fraction and an exponent (the numbers of RFC 8259 section 6, and leading
/// zeros and `+`, which CSV files have, as measures do). Takes time in proportion to the length,
/// whatever the exponent.
struct DecimalFloor {
    /// The floor; at the border of the range when `isSaturated`.
    let value: Int64
    /// True when the number lies outside of what 64 bits hold.
    let isSaturated: Bool

    /// An exponent of more digits than this acts like one of this size.
    private static let exponentMax = 1 << 40

    /// Nil when `text` is not a decimal number.
    init?(_ text: Span<UInt8>) {
        var at = 0
        let isNegative = text.count > 0 && text[0] == UInt8(ascii: "-")
        if isNegative || text.count > 0 && text[0] == UInt8(ascii: "+") { at = 1 }
        let digitsStart = at
        Self.skipDigits(text, &at)
        let wholeDigits = at - digitsStart
        guard wholeDigits > 0 else { return nil }
        if at < text.count, text[at] == UInt8(ascii: ".") {
            at += 1
            let fractionStart = at
            Self.skipDigits(text, &at)
            guard at > fractionStart else { return nil }
        }
        let digitsEnd = at
        guard let exponent = Self.exponent(text, &at), at == text.count else { return nil }
        let point = wholeDigits + exponent
        var magnitude: UInt64 = 0
        var overflows = false
        var place = 0
        var hasRest = false
        for index in digitsStart..<digitsEnd where text[index] != UInt8(ascii: ".") {
            let digit = UInt64(text[index] - 48)
            if place < point {
                overflows = Self.push(digit, onto: &magnitude) || overflows
            } else if digit != 0 {
                hasRest = true
            }
            place += 1
        }
        while place < point, magnitude != 0, !overflows {
            overflows = Self.push(0, onto: &magnitude)
            place += 1
        }
        if isNegative, hasRest, !overflows { magnitude += 1 }
        let limit = UInt64(Int64.max)
        isSaturated = overflows || magnitude > limit
        let bounded = isSaturated ? Int64.max : Int64(magnitude)
        value = isNegative ? (isSaturated ? Int64.min : -bounded) : bounded
    }

    private static func skipDigits(_ text: Span<UInt8>, _ at: inout Int) {
        while at < text.count, text[at] &- 48 < 10 { at += 1 }
    }

    /// True when the number no longer fits.
    private static func push(_ digit: UInt64, onto magnitude: inout UInt64) -> Bool {
        guard magnitude <= (UInt64(Int64.max) - digit) / 10 else { return true }
        magnitude = magnitude * 10 + digit
        return false
    }

    private static func exponent(_ text: Span<UInt8>, _ at: inout Int) -> Int? {
        guard at < text.count, text[at] | 0x20 == UInt8(ascii: "e") else { return 0 }
        at += 1
        var isNegative = false
        if at < text.count, text[at] == UInt8(ascii: "-") || text[at] == UInt8(ascii: "+") {
            isNegative = text[at] == UInt8(ascii: "-")
            at += 1
        }
        let start = at
        var exponent = 0
        while at < text.count, text[at] &- 48 < 10 {
            exponent = min(exponent * 10 + Int(text[at] - 48), exponentMax)
            at += 1
        }
        guard at > start else { return nil }
        return isNegative ? -exponent : exponent
    }
}
