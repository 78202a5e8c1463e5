internal import Anonymization
internal import LogFormats
internal import Records

/// Where the time of a record is and how it is read.
extension Planner {
    /// True when the time is the format's own, written as its documents say.
    var usesOwnTime: Bool {
        guard let own = format.ownTime else { return false }
        guard let time = specification.source.time else { return true }
        return time.path == nil && time.field?.value == own.field && time.format == nil
    }

    /// True also when the path names the date, and the time of day is the format's own.
    private var usesOwnTimeOfDay: Bool {
        guard pathDate != nil else { return usesOwnTime }
        guard let field = specification.source.time?.field else { return true }
        return format.ownTime?.timeOfDay == field.value
    }

    /// The slot of the time, or of the time of day where the path names the date.
    func makeTimeSlot() -> Int? {
        guard let time = specification.source.time else {
            return format.ownTime.map { register.slot($0.field) }
        }
        return time.field.map { slot($0, path: "source.time") }
    }

    var timeFormat: TimeFormat {
        if let date = pathDate {
            return specification.source.time?.field == nil ? date.format : .dateTime
        }
        return specification.source.time?.format?.value ?? format.ownTime?.format ?? .rfc3339
    }

    /// The zone of times that are written without one.
    var timeZone: ZoneTable {
        if let named = specification.source.time?.zone {
            return resolveZone(named, path: "source.time.zone") ?? zone
        }
        return usesOwnTimeOfDay && format.ownTime?.zone == .utc ? .utc : zone
    }

    /// The fields that a later run reads the time of a record from; empty without a time.
    var timeFields: [String] {
        if usesOwnTime { return format.ownTime?.fields ?? [] }
        return specification.source.time?.field.map { [$0.value] } ?? []
    }

    /// How the path of a source names its date.
    var pathDate: PathDate? { specification.source.time?.path.flatMap { PathDate($0.value) } }

    /// Records whose date only the path of their source tells cannot be aged where they are stored;
    /// nor are they known by their content, for the same lines come every day. Standard input has
    /// no path.
    func checkPathDate() {
        guard let position = specification.source.time?.path?.position else { return }
        let path = "source.time.path"
        if pathDate?.hasHour == true, specification.source.time?.field != nil {
            faults.add(
                "`{hour}` and a field with the time of day: expected one of them", at: position,
                path: path)
        }
        if specification.state != nil {
            faults.add(
                "records that do not hold their date can be neither aged later nor known again: "
                    + "expected no `state`", at: position, path: path)
        }
        if specification.store != nil {
            faults.add(
                "the records of a store age by a time of their own: expected `field` alone",
                at: position, path: path)
        }
        for (index, test) in specification.tests.enumerated() where test.path == nil {
            faults.add(
                "the pipeline reads dates from paths: expected `path`, that of the source",
                at: test.position, path: "tests[\(index + 1)]")
        }
        if specification.source.files.contains(where: { $0.value == "-" }) {
            faults.add("standard input has no path: expected files", at: position, path: path)
        }
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
