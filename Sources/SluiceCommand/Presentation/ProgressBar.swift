private import FileSystem
import Pipelines
private import Synchronization

/// Draws the progress of a run into the last line of a terminal, at most ten times a second and
/// with one write each time, and takes it away at the end.
package final class ProgressBar: RunObserver {
    private static let redrawSeconds = 0.1

    private struct State {
        var meter = RateMeter()
        var drawnAt: Double?
        var isFinished = false
    }

    private let state = Mutex(State())
    private let startSeconds: Double
    private let clockSeconds: @Sendable () -> Double
    private let columns: @Sendable () -> Int
    private let write: @Sendable (String) -> Void

    /// A bar that asks `clockSeconds` for the time (any fixed start), `columns` for the width of
    /// the terminal, and draws through `write`.
    package init(
        clockSeconds: @escaping @Sendable () -> Double,
        columns: @escaping @Sendable () -> Int,
        write: @escaping @Sendable (String) -> Void
    ) {
        self.clockSeconds = clockSeconds
        self.columns = columns
        self.write = write
        startSeconds = clockSeconds()
        state.withLock { $0.meter.read(seconds: startSeconds, bytes: 0) }
    }

    /// A bar on standard error; nil when nobody would see it as one.
    package static func onTerminal() -> ProgressBar? {
        guard Terminal.canRedraw else { return nil }
        let start = ContinuousClock.now
        return ProgressBar(
            clockSeconds: { (ContinuousClock.now - start) / .seconds(1) },
            columns: { Terminal.columns },
            write: { StandardError.write($0) }
        )
    }

    package func progress(bytesDone: Int, bytesTotal: Int?, records: Int) {
        let now = clockSeconds()
        state.withLock { state in
            if state.isFinished { return }
            if let drawnAt = state.drawnAt, now - drawnAt < Self.redrawSeconds { return }
            state.drawnAt = now
            state.meter.read(seconds: now, bytes: bytesDone)
            var line = ProgressLine()
            line.bytesDone = bytesDone
            line.bytesTotal = bytesTotal
            line.records = records
            line.bytesPerSecond = state.meter.bytesPerSecond
            line.elapsedSeconds = now - startSeconds
            // To the start of the line, the text over the old one, the rest of the line cleared.
            write("\r\(line.text(columns: columns()))\u{1B}[K")
        }
    }

    /// Takes the bar away; what comes after is not drawn.
    package func finish() {
        state.withLock { state in
            if state.drawnAt != nil, !state.isFinished { write("\r\u{1B}[K") }
            state.isFinished = true
        }
    }
}
