import Glibc

/// What time it is for one run, and in which zone its days begin.
///
/// Read once when a run is planned; nothing below asks the system for the time again, so two
/// workers cannot see two clocks.
package struct RunClock: Sendable {
    /// The instant of the run.
    package let now: EventTime
    /// The pipeline's time zone.
    package let zone: ZoneTable

    package init(now: EventTime, zone: ZoneTable) {
        self.now = now
        self.zone = zone
    }

    /// A clock that stands at the system's present time.
    package static func system(zone: ZoneTable) -> RunClock {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        let milliseconds = Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
        return RunClock(now: EventTime(milliseconds: milliseconds), zone: zone)
    }

    /// The clock that a `--now` value sets: an RFC 3339 time or a date, which stands for its start
    /// in `zone`. Nil for anything else.
    package init?(text: String, zone: ZoneTable) {
        let bytes = text.utf8.span
        let time =
            TimeFormat.rfc3339.parse(bytes, zone: zone) ?? TimeFormat.date.parse(bytes, zone: zone)
        guard let time else { return nil }
        self.init(now: time, zone: zone)
    }

    /// The run's date in its zone.
    package var date: CivilDate { CivilDate(daysSince1970: zone.localDay(at: now)) }

    /// The instant before which a time is due under `duration`.
    ///
    /// For months and days: the run's local date minus them, the day clamped to the length of the
    /// month, at 00:00 local. This is how EU law counts (Regulation 1182/71, article 3): the day of
    /// the event does not count, then the period runs to the end of its last day; so two runs on
    /// one day agree. A duration that names hours, minutes or seconds is exact: it goes back from
    /// the instant of the run. A duration of zero leaves nothing in the window: its cut-off is
    /// later than every time, so that the records of the run's own day are due too.
    package func cutOff(_ duration: CalendarDuration) -> EventTime {
        if duration.isZero { return EventTime(milliseconds: .max) }
        if duration.seconds == 0 {
            return zone.startOfDay(date.subtracting(duration).daysSince1970)
        }
        return instant(date.subtracting(duration), minusSeconds: duration.seconds, from: now)
    }

    /// The first instant at which something that happened at `start` is due under `duration`: the
    /// counterpart of `cutOff` for one time instead of one run.
    ///
    /// For months and days: 00:00 local of the first date whose cut-off lies behind `start`.
    package func dueTime(from start: EventTime, _ duration: CalendarDuration) -> EventTime {
        if duration.isZero { return start }
        let local = CivilDate(daysSince1970: zone.localDay(at: start))
        if duration.seconds != 0 {
            return instant(local.adding(duration), minusSeconds: -duration.seconds, from: start)
        }
        // Clamping gives several dates one cut-off, so the first that lies behind is searched for.
        var day = local.adding(duration).daysSince1970 - 8
        while CivilDate(daysSince1970: day).subtracting(duration) <= local { day += 1 }
        return zone.startOfDay(day)
    }

    /// The instant of the run moved ahead by `duration`: on the local calendar by its months and
    /// days, at the same time of day, and by its exact seconds.
    package func instant(after duration: CalendarDuration) -> EventTime {
        instant(date.adding(duration), minusSeconds: -duration.seconds, from: now)
    }

    /// `base` moved to another local date at the same time of day, then back by exact seconds.
    private func instant(
        _ date: CivilDate,
        minusSeconds seconds: Int,
        from base: EventTime
    ) -> EventTime {
        let day = zone.localDay(at: base)
        let offset = Int64(zone.utcOffsetSeconds(at: base)) * 1000
        let timeOfDay = base.milliseconds + offset - Int64(day) * 86_400_000
        guard date.daysSince1970 != day else {
            return EventTime(milliseconds: base.milliseconds - Int64(seconds) * 1000)
        }
        let whole = floorDivide(timeOfDay, 1000)
        let local = Int64(date.daysSince1970) * 86_400 + whole - Int64(seconds)
        return EventTime(
            milliseconds: zone.instant(localSeconds: local) * 1000 + timeOfDay - whole * 1000
        )
    }
}
