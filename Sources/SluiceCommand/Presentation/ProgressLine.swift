/// How far a run has come, and the one line that says so.
package struct ProgressLine: Sendable, Equatable {
    /// Bytes of the sources that are done, as they lie on disk.
    package var bytesDone = 0
    /// All bytes of the sources; nil when nobody knows.
    package var bytesTotal: Int?
    package var records = 0
    package var bytesPerSecond = 0.0
    package var elapsedSeconds = 0.0

    package init() {}

    /// The widths of the bar that are tried, in characters between its brackets. They are fixed, so
    /// that the bar does not dance when the numbers beside it change.
    private static let barWidths = [30, 20, 10]

    /// The line for a terminal of `columns`: always shorter than it, so that it never wraps. On
    /// narrow terminals first the bar shrinks, then records and rate go, then the bar.
    package func text(columns: Int) -> String {
        let width = max(columns - 1, 0)
        for candidate in candidates where candidate.count <= width { return candidate }
        return ""
    }

    /// The line in all its forms, the richest first.
    private var candidates: [String] {
        guard let percent else {
            let parts = [sizePart, ratePart, recordsPart, NumberText.clock(seconds: elapsed)]
            return (1...parts.count).reversed().map { joined(Array(parts.prefix($0))) }
        }
        let number = Self.padded("\(percent)%", to: 4)
        let details = [leftPart, ratePart, recordsPart]
        var forms: [String] = []
        for count in (1...details.count).reversed() {
            let tail = [number] + details.prefix(count)
            forms += Self.barWidths.map { joined([bar(width: $0, percent: percent)] + tail) }
        }
        return forms + [joined([number, leftPart]), number]
    }

    /// The whole percent that are done, 100 only when all is; nil when the total is not known.
    private var percent: Int? {
        guard let bytesTotal, bytesTotal > 0 else { return nil }
        if bytesDone >= bytesTotal { return 100 }
        let share = Double(max(bytesDone, 0)) / Double(bytesTotal) * 100
        return min(NumberText.wholeNumber(share.rounded(.down)), 99)
    }

    private var elapsed: Int { NumberText.wholeNumber(elapsedSeconds.rounded(.down)) }

    private var sizePart: String { "\(NumberText.size(bytes: bytesDone)) read" }

    private var recordsPart: String { NumberText.counted(records, "record") }

    private var ratePart: String {
        let rate = NumberText.size(bytes: NumberText.wholeNumber(bytesPerSecond))
        return Self.padded("\(rate)/s", to: 9)
    }

    private var leftPart: String {
        guard let bytesTotal, bytesPerSecond >= 1 else { return " -:-- left" }
        let seconds = Double(max(bytesTotal - bytesDone, 0)) / bytesPerSecond
        let clock = NumberText.clock(seconds: NumberText.wholeNumber(seconds.rounded(.up)))
        return "\(Self.padded(clock, to: 5)) left"
    }

    private func bar(width: Int, percent: Int) -> String {
        let filled = width * percent / 100
        let head = filled < width ? ">" : ""
        let done = String(repeating: "=", count: filled) + head
        return "[\(done)\(String(repeating: " ", count: width - done.count))]"
    }

    private func joined(_ parts: [String]) -> String { parts.joined(separator: "  ") }

    private static func padded(_ text: String, to width: Int) -> String {
        String(repeating: " ", count: max(width - text.count, 0)) + text
    }
}

/// The present speed: an average in which the last few seconds weigh most.
package struct RateMeter: Sendable {
    /// The interval, in seconds, that weighs as much as all before it.
    private static let memorySeconds = 3.0

    private var last: (seconds: Double, bytes: Int)?
    /// The speeds so far, each with its weight, and the sum of the weights: dividing by it keeps a
    /// start at speed zero from pulling the average down.
    private var weighted = 0.0
    private var weights = 0.0

    package init() {}

    /// Bytes in a second; 0 before two readings.
    package var bytesPerSecond: Double { weights > 0 ? weighted / weights : 0 }

    /// Takes a reading: `bytes` were done `seconds` after any fixed start.
    package mutating func read(seconds: Double, bytes: Int) {
        guard let previous = last else {
            last = (seconds, bytes)
            return
        }
        let interval = seconds - previous.seconds
        guard interval > 0 else { return }
        let rate = Double(max(bytes - previous.bytes, 0)) / interval
        let weight = interval / (interval + Self.memorySeconds)
        weighted += (rate - weighted) * weight
        weights += (1 - weights) * weight
        last = (seconds, bytes)
    }
}
