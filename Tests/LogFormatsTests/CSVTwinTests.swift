import LogFormats
import Records
import TestSupport
import Testing

/// The rule of `csv_scan.h` byte by byte, as plainly as it can be said.
private struct CSVTwin {
    let source: [UInt8]
    let limit: Int
    let columnCount: Int

    func rows() -> [ReadRow] {
        var rows: [ReadRow] = []
        var start = 0
        while start < source.count { rows.append(row(&start)) }
        return rows
    }

    private func row(_ start: inout Int) -> ReadRow {
        let first = start
        let horizon = min(source.count, first + limit)
        var cells: [ReadValue] = []
        var isBad = false
        var at = first
        var end = 0
        cells: while true {
            let cellStart = at
            if at < horizon, source[at] == 0x22 {
                guard let (text, behind) = quoted(at, horizon) else {
                    isBad = true
                    at = source[at...].firstIndex(of: 0x0A) ?? source.count
                    end = at
                    break cells
                }
                at = behind
                let ends = [0x2C, 0x0A].contains(byte(at)) || byte(at) == nil
                let returns = byte(at) == 0x0D && (byte(at + 1) == 0x0A || byte(at + 1) == nil)
                if ends || returns {
                    cells.append(text)
                    end = at
                    if returns { at += 1 }
                } else {
                    isBad = true
                }
            }
            if at == cellStart || isBad {
                while let one = byte(at), one != 0x2C, one != 0x0A {
                    if one == 0x22, at < horizon { isBad = true }
                    at += 1
                }
                end = at
                if byte(at) != 0x2C, at > cellStart, source[at - 1] == 0x0D { end -= 1 }
                cells.append(ReadValue(kind: .text, text: Array(source[cellStart..<end])))
            }
            guard byte(at) == 0x2C else { break }
            at += 1
        }
        if end > first, byte(at) != 0x2C, end == at, source[end - 1] == 0x0D { end -= 1 }
        start = at + 1
        return ReadRow(
            start: first,
            end: end,
            state: state(first, end, cells, isBad),
            values: cells
        ).normalized
    }

    private func byte(_ at: Int) -> UInt8? { at < source.count ? source[at] : nil }

    private func quoted(_ open: Int, _ horizon: Int) -> (ReadValue, Int)? {
        var text: [UInt8] = []
        var kind = FieldKind.text
        var at = open + 1
        while at < horizon {
            if source[at] == 0x22 {
                guard at + 1 < horizon, source[at + 1] == 0x22 else {
                    return (ReadValue(kind: kind, text: text), at + 1)
                }
                kind = .escapedText
                at += 1
            }
            text.append(source[at])
            at += 1
        }
        return nil
    }

    private func state(
        _ first: Int,
        _ end: Int,
        _ cells: [ReadValue],
        _ isBad: Bool
    ) -> RecordTable.RowState {
        if end == first { return .blank }
        if end - first > limit { return .bad(.tooLong) }
        if source[first..<end].contains(0) { return .bad(.containsNUL) }
        if isBad { return .bad(.badQuoting) }
        if cells.count != columnCount { return .bad(.raggedRow) }
        let isText = String(validating: source[first..<end], as: UTF8.self) != nil
        return isText ? .good : .bad(.invalidUTF8)
    }
}

extension ReadRow {
    /// As `read` gives it: no values unless good, no end when too long.
    fileprivate var normalized: ReadRow {
        ReadRow(
            start: start,
            end: state == .bad(.tooLong) ? 0 : end,
            state: state,
            values: state == .good ? values : []
        )
    }
}

@Suite struct CSVTwinTests {
    private static let alphabet = [
        "\"", "\"", "\"\"", ",", ",", "\n", "\r\n", "\r", "a", "bc", "é", "\0", " ", "\",\"",
        "\"\n",
    ]

    @Test(arguments: [3, 12, 90, 1000]) func sameRowsAsThePlainTwin(_ limit: Int) {
        var generator = SeededGenerator(seed: 0xC57 + UInt64(limit))
        var limits = RecordLimits()
        limits.recordBytesMax = limit
        for round in 0..<2500 {
            let length = Int.random(in: 1...260, using: &generator)
            var source = nasty(Self.alphabet, length: length, using: &generator)
            if round % 7 == 0 { source[Int.random(in: 0..<source.count, using: &generator)] = 0xFF }
            let expected = CSVTwin(source: source, limit: limit, columnCount: 2).rows()
            let columns = ["x", "y"]
            let found = read(
                CSVFormat(),
                source,
                fields: columns,
                columns: columns,
                limits: limits
            )
            #expect(found == expected, "limit \(limit), round \(round), \(text(source))")
            let cut = read(
                CSVFormat(),
                source,
                fields: columns,
                columns: columns,
                limits: limits,
                cuts: SeededGenerator(seed: UInt64(round))
            )
            #expect(cut == expected, "cut, limit \(limit), round \(round), \(text(source))")
            if found != expected || cut != expected { return }
        }
    }

    /// One stray quote must not cost more than its own line, however many lines follow.
    @Test func strayQuoteCostsOneLine() {
        var source = bytes("a,\"b\n")
        for index in 0..<50_000 { source += bytes("\(index),\"\"\n") }
        let columns = ["x", "y"]
        let rows = read(CSVFormat(), source, fields: columns, columns: columns)
        #expect(rows.count == 50_001)
        #expect(rows.filter { $0.state == .good }.count == 50_000)
    }

    /// Each line opens a quote that the next one closes: still every byte is looked at only twice.
    @Test(.timeLimit(.minutes(1))) func endlessQuotesTakeLinearTime() {
        let source = Array(repeatElement(bytes("a\",\"b\n"), count: 500_000).joined())
        let columns = ["x", "y"]
        let whole = read(CSVFormat(), source, fields: columns, columns: columns)
        #expect(whole.allSatisfy { $0.state != .good })
        #expect(!whole.isEmpty)
    }
}
