import Synchronization
import Testing
import TestSupport

@testable import SluiceCommand

@Suite struct ProgressLineTests {
    private static func half() -> ProgressLine {
        var line = ProgressLine()
        line.bytesDone = 500_000_000
        line.bytesTotal = 1_000_000_000
        line.records = 1_234_567
        line.bytesPerSecond = 50_000_000
        line.elapsedSeconds = 10
        return line
    }

    @Test func saysAllOnAWideTerminal() {
        #expect(
            Self.half().text(columns: 100)
                == "[===============>              ]   50%   0:10 left  50.0 MB/s  "
                + "1,234,567 records"
        )
    }

    @Test(arguments: [
        (80, "[==========>         ]   50%   0:10 left  50.0 MB/s  1,234,567 records"),
        (60, "[==========>         ]   50%   0:10 left  50.0 MB/s"),
        (48, "[=====>    ]   50%   0:10 left  50.0 MB/s"),
        (40, "[=====>    ]   50%   0:10 left"), (20, " 50%   0:10 left"), (12, " 50%"),
        (5, " 50%"), (4, ""), (0, ""),
    ])
    func shortens(columns: Int, text: String) {
        #expect(Self.half().text(columns: columns) == text)
    }

    @Test func speaksOfTheSizeWhenTheTotalIsUnknown() {
        var line = Self.half()
        line.bytesTotal = nil
        #expect(line.text(columns: 80) == "500 MB read  50.0 MB/s  1,234,567 records  0:10")
        #expect(line.text(columns: 20) == "500 MB read")
    }

    @Test(arguments: [(0, "0%"), (999_999_999, "99%"), (1_000_000_000, "100%"), (.max, "100%")])
    func isFullOnlyAtTheEnd(bytesDone: Int, percent: String) {
        var line = Self.half()
        line.bytesDone = bytesDone
        #expect(line.text(columns: 100).contains(" \(percent) "))
    }

    @Test func knowsNoTimeLeftWithoutASpeed() {
        var line = Self.half()
        line.bytesPerSecond = 0
        #expect(line.text(columns: 100).contains("-:-- left"))
    }

    /// Whatever the numbers are, the line stays shorter than the terminal.
    @Test func neverWraps() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<5000 {
            var line = ProgressLine()
            line.bytesDone = Int.random(in: 0...(.max), using: &generator)
            line.bytesTotal =
                Bool.random(using: &generator)
                ? Int.random(in: 0...(.max), using: &generator) : nil
            line.records = Int.random(in: 0...(.max), using: &generator)
            line.bytesPerSecond = Double.random(in: 0...1e18, using: &generator)
            line.elapsedSeconds = Double.random(in: 0...1e9, using: &generator)
            let columns = Int.random(in: 0...140, using: &generator)
            let text = line.text(columns: columns)
            #expect(text.count < max(columns, 1), "seed 7: \(columns) columns: \(text)")
            #expect(text.utf8.allSatisfy { (0x20..<0x7F).contains($0) })
        }
    }
}

@Suite struct RateMeterTests {
    @Test func followsASteadySpeed() {
        var meter = RateMeter()
        meter.read(seconds: 5, bytes: 0)
        #expect(meter.bytesPerSecond == 0)
        for step in 1...50 { meter.read(seconds: 5 + Double(step) / 10, bytes: step * 100) }
        #expect(abs(meter.bytesPerSecond - 1000) < 1)
    }

    @Test func isRightFromTheStart() {
        var meter = RateMeter()
        meter.read(seconds: 0, bytes: 0)
        meter.read(seconds: 0.0001, bytes: 0)
        meter.read(seconds: 0.1, bytes: 100)
        #expect(abs(meter.bytesPerSecond - 1000) < 10)
    }

    @Test func forgetsAnOldSpeed() {
        var meter = RateMeter()
        meter.read(seconds: 0, bytes: 0)
        meter.read(seconds: 1, bytes: 1000)
        meter.read(seconds: 4, bytes: 1000)
        let after = meter.bytesPerSecond
        #expect(after > 100 && after < 400)
        // Two readings at the same instant say nothing about the speed.
        meter.read(seconds: 4, bytes: 9000)
        #expect(meter.bytesPerSecond == after)
    }
}

@Suite struct ProgressBarTests {
    /// A clock and a terminal for a test.
    private final class Stage: Sendable {
        let seconds = Mutex(100.0)
        let writes = Mutex<[String]>([])

        func bar(columns: Int = 80) -> ProgressBar {
            ProgressBar(
                clockSeconds: { self.seconds.withLock { $0 } },
                columns: { columns },
                write: { text in self.writes.withLock { $0.append(text) } }
            )
        }
    }

    @Test func drawsAtMostTenTimesASecond() {
        let stage = Stage()
        let bar = stage.bar()
        for step in 0..<5000 {
            bar.progress(bytesDone: step, bytesTotal: 5000, records: step)
            stage.seconds.withLock { $0 += 0.001 }
        }
        let count = stage.writes.withLock { $0.count }
        #expect((40...51).contains(count))
    }

    @Test func drawsInPlaceAndTakesItselfAway() {
        let stage = Stage()
        let bar = stage.bar(columns: 60)
        bar.progress(bytesDone: 1, bytesTotal: 2, records: 3)
        bar.finish()
        bar.finish()
        stage.seconds.withLock { $0 += 10 }
        bar.progress(bytesDone: 2, bytesTotal: 2, records: 4)
        let writes = stage.writes.withLock { $0 }
        #expect(writes.count == 2)
        #expect(writes.first?.hasPrefix("\r") == true)
        #expect(writes.first?.hasSuffix("\u{1B}[K") == true)
        #expect(writes.first?.contains("50%") == true)
        #expect(writes.last == "\r\u{1B}[K")
    }

    @Test func isSilentWhenNothingWasDrawn() {
        let stage = Stage()
        stage.bar().finish()
        #expect(stage.writes.withLock { $0.isEmpty })
    }
}
