private import Records

/// The rule of `csv_scan.h` byte by byte, as plainly as it can be said.
package struct CSVTwin {
    private let source: [UInt8]
    private let limit: Int
    private let columnCount: Int

    /// The twin for `source`, its records of at most `limit` bytes.
    package init(source: [UInt8], limit: Int, columnCount: Int) {
        self.source = source
        self.limit = limit
        self.columnCount = columnCount
    }

    package func rows() -> [ReadRow] {
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
