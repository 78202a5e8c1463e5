package import Records

/// `truncate_time`: a time keeps its hour, day, week, month or year.
package struct TruncateTime: Transform {
    /// What is kept.
    package enum Unit: String, Sendable, CaseIterable {
        /// `2026-03-15T14:00Z`, or with the offset of the zone: `2026-03-15T15:00+01:00`.
        case hour
        /// `2026-03-15`
        case day
        /// `2026-W11`, the week of ISO 8601.
        case week
        /// `2026-03`
        case month
        /// `2026`
        case year
    }

    package static let descriptor = TransformDescriptor(
        name: "truncate_time",
        summary: "Cuts a time down to its hour, day, week, month or year in the pipeline's zone.",
        guarantees: "Nothing finer than the unit is written. What is no time of the stated form is "
            + "dropped.",
        leaks: "When something happened, to the unit. The order of records in a file can still "
            + "tell more. An hour with few events can single one out.",
        options: [
            OptionDescriptor(
                "unit", values: "hour, day, week, month or year", standard: "day",
                help: "What is kept. The zone's offset is taken at the time of the event: a field "
                    + "that holds another time than the event can be off by one clock change."),
            OptionDescriptor(
                "format", values: TimeFormat.withYear.map(\.rawValue).joined(separator: ", "),
                standard: "rfc3339",
                help: "How the field writes its times. Local times (datetime, date, haproxy) stay "
                    + "as they are read, and their hours are written without an offset."),
        ],
        shorthand: "unit",
        make: { settings, _ in
            let faultsBefore = settings.faults.all.count
            let unit = settings.choice("unit", Unit.self) ?? .day
            let format = settings.choice("format", TimeFormat.self) ?? .rfc3339
            if format == .syslog {
                settings.faults.add(
                    "times without a year cannot be cut: expected "
                        + TimeFormat.withYear.map(\.rawValue).joined(separator: ", "),
                    at: settings.position, path: settings.path(of: "format"))
            }
            return settings.faults.all.count == faultsBefore
                ? TruncateTime(to: unit, format: format) : nil
        })

    package let unit: Unit
    private let format: TimeFormat

    /// Keeps `unit` of times that are written in `format`.
    package init(to unit: Unit, format: TimeFormat = .rfc3339) {
        self.unit = unit
        self.format = format
    }

    package var dependence: TransformDependence { .record }

    package func apply(
        _ value: borrowing FieldValue, _ context: borrowing TransformContext,
        into output: inout ByteBuffer
    ) -> TransformResult {
        switch value.kind {
        case .text, .escapedText, .number: break
        case .absent, .null, .boolean, .structure, .several: return .dropped
        }
        guard let time = format.parse(value.bytes, zone: .utc) else { return .dropped }
        let offset = format.needsZone ? 0 : context.utcOffsetSeconds
        let seconds = floorDivide(time.milliseconds, 1000) + Int64(offset)
        let day = Int(floorDivide(seconds, 86_400))
        let date = CivilDate(daysSince1970: day)
        guard (0...9999).contains(date.year) else { return .dropped }
        switch unit {
        case .year:
            output.append(decimal: date.year, width: 4)
        case .month:
            appendMonth(date, to: &output)
        case .week:
            return appendWeek(day, to: &output)
        case .day:
            appendDay(date, to: &output)
        case .hour:
            appendDay(date, to: &output)
            output.append("T")
            let secondOfDay = Int(seconds - Int64(day) * 86_400)
            output.append(decimal: secondOfDay / 3600, width: 2)
            output.append(":00")
            if !format.needsZone { appendOffset(offset, to: &output) }
        }
        return .plainText
    }

    package var isRepeatable: Bool { false }

    package func isReleased(_ value: borrowing FieldValue) -> Bool {
        guard value.isText else { return false }
        let bytes = value.bytes
        switch unit {
        case .year: return ReleasedForm.isLike(bytes, "0000")
        case .month: return ReleasedForm.isLike(bytes, "0000-00")
        case .week: return ReleasedForm.isLike(bytes, "0000-W00")
        case .day: return ReleasedForm.isLike(bytes, "0000-00-00")
        case .hour:
            if format.needsZone { return ReleasedForm.isLike(bytes, "0000-00-00T00:00") }
            return ReleasedForm.isLike(bytes, "0000-00-00T00:00Z")
                || ReleasedForm.isLike(bytes, "0000-00-00T00:00+00:00")
                || ReleasedForm.isLike(bytes, "0000-00-00T00:00-00:00")
        }
    }

    private func appendMonth(_ date: CivilDate, to output: inout ByteBuffer) {
        output.append(decimal: date.year, width: 4)
        output.append("-")
        output.append(decimal: date.month, width: 2)
    }

    private func appendDay(_ date: CivilDate, to output: inout ByteBuffer) {
        appendMonth(date, to: &output)
        output.append("-")
        output.append(decimal: date.day, width: 2)
    }

    /// ISO 8601 counts a week to the year that its Thursday lies in.
    private func appendWeek(_ day: Int, to output: inout ByteBuffer) -> TransformResult {
        // 1970-01-01 was a Thursday: this counts from Monday.
        let weekday = Int(floorModulo(Int64(day) + 3, 7))
        let thursday = day - weekday + 3
        let year = CivilDate(daysSince1970: thursday).year
        guard (0...9999).contains(year) else { return .dropped }
        let firstOfYear = CivilDate(year: year, month: 1, day: 1).daysSince1970
        output.append(decimal: year, width: 4)
        output.append("-W")
        output.append(decimal: (thursday - firstOfYear) / 7 + 1, width: 2)
        return .plainText
    }

    private func appendOffset(_ seconds: Int, to output: inout ByteBuffer) {
        // Seconds of old local mean times have no place in the text.
        let minutes = abs(seconds) / 60
        guard minutes > 0 else {
            output.append("Z")
            return
        }
        output.append(seconds < 0 ? "-" : "+")
        output.append(decimal: minutes / 60, width: 2)
        output.append(":")
        output.append(decimal: minutes % 60, width: 2)
    }

    private func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }

    private func floorModulo(_ value: Int64, _ divisor: Int64) -> Int64 {
        value - floorDivide(value, divisor) * divisor
    }
}
