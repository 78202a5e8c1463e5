internal import Anonymization
internal import LogFormats
internal import Records

/// Where the time of a record is and how it is read.
extension Planner {
    /// True when the time is the format's own, written as its documents say.
    var usesOwnTime: Bool {
        guard let own = format.ownTime else { return false }
        guard let time = specification.source.time else { return true }
        return time.field.value == own.field && time.format == nil
    }

    var timeFormat: TimeFormat {
        specification.source.time?.format?.value ?? format.ownTime?.format ?? .rfc3339
    }

    /// The zone of times that are written without one.
    var timeZone: ZoneTable {
        if let named = specification.source.time?.zone {
            return resolveZone(named, path: "source.time.zone") ?? zone
        }
        return usesOwnTime && format.ownTime?.zone == .utc ? .utc : zone
    }

    /// The fields that a later run reads the time of a record from; empty without a time.
    var timeFields: [String] {
        if usesOwnTime { return format.ownTime?.fields ?? [] }
        return specification.source.time.map { [$0.field.value] } ?? []
    }

    /// Times that do not say their zone or their year need somebody who does.
    func checkTimeForm(_ clocks: ClockSet) {
        let position = specification.source.format.name.position
        let isDeclared =
            specification.source.time?.zone != nil || specification.zone.isWritten
        if usesOwnTime, format.ownTime?.zone == .declared, !isDeclared {
            faults.add(
                "the times of `\(format.name)` have no zone: expected `zone` in the pipeline or "
                    + "`source.time.zone`", at: position, path: "source.time")
        }
        guard timeFormat == .syslog else { return }
        let now = clocks.runClock.now.milliseconds
        for clock in clocks.clocks where clock.start == .event {
            let cutOff = clocks.runClock.cutOff(clock.length).milliseconds
            if now - cutOff <= Self.yearlessDaysMax * 86_400_000 { continue }
            faults.add(
                "times without a year look young again after a year: expected windows and clocks "
                    + "of at most P10M, or times with a year",
                at: specification.window.length.isWritten
                    ? specification.window.length.position : position,
                path: "source.time")
            return
        }
    }

    /// The longest clock, in days, over times without a year: ten months and a little, which leaves
    /// a late run more than a month before a record seems to be of this year.
    private static let yearlessDaysMax: Int64 = 310
}
