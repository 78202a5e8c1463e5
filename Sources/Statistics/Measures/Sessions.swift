import Anonymization
import Records

extension MeasureDescriptor {
    /// Joins events into sessions.
    static let sessions = MeasureDescriptor(
        name: "sessions",
        summary: "Runs of events of one user without a long pause: how many, and how long they "
            + "last (last event minus first). A session belongs to the time of its first event.",
        options: [
            OptionDescriptor(
                "of", values: "an identity", standard: "required",
                help: "Whose events make a session. Records without it are left out."),
            .countedField,
            OptionDescriptor(
                "gap", values: "an ISO 8601 duration of days, hours, minutes and seconds",
                standard: "PT30M",
                help: "The longest pause within a session; exactly this long is within."),
            OptionDescriptor(
                "columns", values: "a list of count, mean, median, p50, p95, single",
                standard: "count, mean, median, p95, single",
                help: "The figures. `single` counts sessions of one event, whose duration is 0. "
                    + "A mapping names the columns: `count: sessions`."),
            OptionDescriptor(
                "unit", values: "s or ms", standard: "s",
                help: "The unit of durations; what is finer is cut off."),
        ],
        shorthand: "of",
        make: { name, reader, inputs in
            let token = inputs.identityInput(reader)
            let gap = sessionGap(reader)
            let unit = reader.choice("unit", SessionsUnit.self) ?? .seconds
            let columns = sessionColumns(name, unit, reader)
            reader.finish()
            guard let token, let gap, !columns.isEmpty else { return nil }
            return MeasurePlan(
                name: name,
                kind: .sessions(
                    SessionsPlan(
                        token: token, gapMilliseconds: gap, columns: columns, unit: unit)))
        })
}

/// The longest gap that can be asked for: 31 days.
private let gapMillisecondsMax: Int64 = 31 * 86_400_000

private func sessionGap(_ reader: SettingReader) -> Int64? {
    guard let setting = reader.optional("gap") else {
        return SessionsPlan.standardGapMilliseconds
    }
    if case .text(let text, _) = setting, let gap = exactDuration(Array(text.utf8)),
        gap > 0, gap <= gapMillisecondsMax
    {
        return gap
    }
    reader.faults.add(
        "expected a duration such as `PT30M`, above zero and at most `P31D`",
        at: setting.position, path: reader.path(of: "gap"))
    return nil
}

/// Milliseconds of `P[nD][T[nH][nM][nS]]`; nil for anything else, and for months and years, which
/// have no fixed length.
private func exactDuration(_ text: [UInt8]) -> Int64? {
    guard text.first == UInt8(ascii: "P"), text.count > 2 else { return nil }
    var units: [(letter: UInt8, milliseconds: Int64)] = [(UInt8(ascii: "D"), 86_400_000)]
    var total: Int64 = 0
    var number: Int64?
    for byte in text.dropFirst() {
        if byte &- 48 < 10 {
            let digits = (number ?? 0) * 10 + Int64(byte &- 48)
            guard digits < 1_000_000_000 else { return nil }
            number = digits
        } else if byte == UInt8(ascii: "T"), number == nil, units.count < 2 {
            units = [
                (UInt8(ascii: "H"), 3_600_000), (UInt8(ascii: "M"), 60_000),
                (UInt8(ascii: "S"), 1000), (0, 0),
            ]
        } else {
            guard let value = number, let at = units.firstIndex(where: { $0.letter == byte })
            else { return nil }
            total += value * units[at].milliseconds
            units.removeFirst(at + 1)
            number = nil
        }
    }
    return number == nil && text.last != UInt8(ascii: "T") ? total : nil
}

private func sessionColumns(
    _ name: String, _ unit: SessionsUnit, _ reader: SettingReader
) -> [SessionsColumn] {
    guard let setting = reader.optional("columns") else {
        let standard: [SessionsColumn.Figure] = [.count, .mean, .median, .p95, .single]
        return standard.map { SessionsColumn($0, name: standardName($0, name, unit)) }
    }
    if case .mapping(let members, _) = setting {
        return members.compactMap { member in
            let figure = sessionFigure(member.key, member.keyPosition, reader)
            guard case .text(let column, _) = member.value else {
                reader.faults.add(
                    "found \(member.value.kindName), expected the name of a column",
                    at: member.value.position, path: reader.path(of: "columns"))
                return nil
            }
            return figure.map { SessionsColumn($0, name: column) }
        }
    }
    return (reader.texts("columns") ?? []).compactMap { word in
        sessionFigure(word, setting.position, reader).map {
            SessionsColumn($0, name: standardName($0, name, unit))
        }
    }
}

private func sessionFigure(
    _ word: String, _ position: SettingPosition, _ reader: SettingReader
) -> SessionsColumn.Figure? {
    if let figure = SessionsColumn.Figure(rawValue: word) { return figure }
    let names = SessionsColumn.Figure.allCases.map(\.rawValue)
    reader.faults.add(
        "expected one of \(names.map { "`\($0)`" }.joined(separator: ", "))", at: position,
        path: reader.path(of: "columns"), suggestion: nearestName(to: word, among: names))
    return nil
}

private func standardName(
    _ figure: SessionsColumn.Figure, _ name: String, _ unit: SessionsUnit
) -> String {
    switch figure {
    case .count: name
    case .single: "\(name)_single"
    case .mean, .median, .p50, .p95: "\(name)_\(figure.rawValue)_\(unit.rawValue)"
    }
}
