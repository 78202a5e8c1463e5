/// Reads the times of records that follow one another.
///
/// Those of an access log are most often of the same minute as the one before, written the same way
/// up to the second: then nothing else is read. What is given is always what `TimeFormat.parse`
/// gives.
package struct TimeCursor: Sendable {
    private let format: TimeFormat
    private let zone: ZoneTable
    private let now: EventTime?
    private let isAccessLog: Bool
    /// The text of the time read last, the second aside; `minute` is that time without its second.
    private var known = AccessLogMinute()
    private var minute: Int64 = 0
    private var knowsMinute = false

    /// A cursor over times of `format`; `zone` is asked by local forms only, and `now`, the clock
    /// of the run, by the form without a year.
    package init(_ format: TimeFormat, zone: ZoneTable, now: EventTime? = nil) {
        self.format = format
        self.zone = zone
        self.now = now
        isAccessLog = format == .accessLog
    }

    /// The instant that `bytes` names, or nil when they are not a time of the form.
    @inline(__always)
    package mutating func parse(_ bytes: Span<UInt8>) -> EventTime? {
        guard isAccessLog, bytes.count == AccessLogMinute.textLength else {
            return format.parse(bytes, zone: zone, now: now)
        }
        let text = AccessLogMinute(bytes)
        guard let second = text.second else { return nil }
        if knowsMinute, text == known {
            return EventTime(milliseconds: minute &+ second &* 1000)
        }
        return parse(bytes, text, second)
    }

    @inline(never)
    private mutating func parse(
        _ bytes: Span<UInt8>, _ text: AccessLogMinute, _ second: Int64
    ) -> EventTime? {
        guard let time = format.parse(bytes, zone: zone) else { return nil }
        known = text
        minute = time.milliseconds &- second &* 1000
        knowsMinute = true
        return time
    }
}

/// The words of `dd/Mon/yyyy:hh:mm:ss ±hhmm` without those of the second.
private struct AccessLogMinute: BitwiseCopyable, Equatable, Sendable {
    static let textLength = 26

    /// `dd/Mon/y`
    private var date: UInt64 = 0
    /// `yyy:hh:m`
    private var hour: UInt64 = 0
    /// What stands on both sides of the second: ` ±hhmm` and `m:`.
    private var rest: UInt64 = 0
    private var secondDigits: UInt64 = 0

    init() {}

    /// Reads `textLength` bytes.
    @inline(__always)
    init(_ bytes: Span<UInt8>) {
        precondition(bytes.count == Self.textLength)
        unsafe bytes.withUnsafeBytes { bytes in
            date = unsafe bytes.loadUnaligned(as: UInt64.self)
            hour = unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            let minute = unsafe bytes.loadUnaligned(fromByteOffset: 16, as: UInt16.self)
            let last = unsafe UInt64(
                littleEndian: bytes.loadUnaligned(fromByteOffset: 18, as: UInt64.self))
            rest = last &>> 16 | UInt64(minute) &<< 48
            secondDigits = last & 0xFFFF
        }
    }

    /// The second, 0 to 59; nil when there is none.
    @inline(__always)
    var second: Int64? {
        let tens = secondDigits & 0xFF &- 0x30
        let ones = secondDigits &>> 8 &- 0x30
        guard tens < 6, ones < 10 else { return nil }
        return Int64(truncatingIfNeeded: tens &* 10 &+ ones)
    }

    /// True when both name the same minute in the same words.
    @inline(__always)
    static func == (left: Self, right: Self) -> Bool {
        (left.date ^ right.date) | (left.hour ^ right.hour) | (left.rest ^ right.rest) == 0
    }
}
