import FileSystem
import Glibc
import Pipelines
import TestSupport
import Testing

@testable import SluiceCommand

@Suite struct LogEventTests {
    @Test func aRunTellsItsWarningsAndItsEnd() {
        var report = Reports.nightly()
        report.notes = ["something\nto know"]
        report.destroyedKeys = [
            DestroyedKey(
                month: "2026-01", keyID: "2026-01/UTC/1", fingerprint: "ab", method: "unlinked")
        ]
        let events = LogEvent.events(of: report)
        #expect(events.map(\.name) == ["warning", "key-destroyed", "run-finished"])
        #expect(events.map(\.level) == [.warning, .information, .information])
        let lines = events.map { $0.json(at: "2026-04-15T00:00:00Z") }
        #expect(
            lines[0]
                == #"{"time":"2026-04-15T00:00:00Z","level":"warning","event":"warning","#
                + #""message":"something\nto know","pipeline":"nightly"}"#)
        #expect(lines[2].contains(#""read":12345,"written":24300,"quarantined":40,"#))
        #expect(lines.allSatisfy { !$0.contains("\n") })
        report.isDryRun = true
        #expect(LogEvent.events(of: report).last?.name == "dry-run-finished")
    }

    @Test func aFailureCarriesItsStatus() {
        let event = LogEvent.event(
            of: .busy("another run is at work"), effect: .nothingWritten, pipeline: "p.yaml")
        #expect(event.level == .error)
        let line = event.json(at: "")
        #expect(line.contains(#""message":"another run is at work; nothing was written""#))
        #expect(line.hasSuffix(#""file":"p.yaml","kind":"busy","status":7}"#))
    }

    @Test func anEntryOfTheJournalHasItsOwnFields() {
        var report = Reports.nightly()
        report.notes = []
        let fields = LogEvent.events(of: report)[0].journalFields
        #expect(fields.map(\.name).prefix(4)
            == ["MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "SLUICE_EVENT"])
        #expect(fields.first { $0.name == "SLUICE_PIPELINE" }?.value == "nightly")
        #expect(fields.first { $0.name == "SLUICE_READ" }?.value == "12345")
        let legal = fields.allSatisfy { field in
            field.name.utf8.allSatisfy { ($0 >= 0x41 && $0 <= 0x5a) || $0 == 0x5f }
        }
        #expect(legal, "names of the journal are upper-case letters and underscores")
    }

    /// The datagram as a journal reads it, out of a socket of the test's own.
    @Test func theJournalGetsOneDatagramForEachEvent() throws {
        let folder = "/tmp/sluice-journal-\(UInt64.random(in: 0 ... .max))"
        try #require(unsafe mkdir(folder, 0o700) == 0)
        defer {
            unsafe unlink("\(folder)/socket")
            unsafe rmdir(folder)
        }
        let number = try listening(at: "\(folder)/socket")
        defer { close(number) }
        var report = Reports.nightly()
        report.notes = ["two\nlines"]
        let log = try #require(EventLog(.journald, journal: "\(folder)/socket"))
        log.write(LogEvent.events(of: report))
        let first = received(number)
        #expect(first.starts(with: bytes("MESSAGE\n") + [9, 0, 0, 0, 0, 0, 0, 0]))
        #expect(text(Array(first.dropFirst(16))).hasPrefix("two\nlines\nPRIORITY=4\n"))
        #expect(text(received(number)).contains("\nSLUICE_EVENT=run-finished\n"))
    }

    private func listening(at path: String) throws -> Int32 {
        let number = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { region in
            unsafe region.copyBytes(from: Array(path.utf8))
        }
        let bound = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(number >= 0 && bound == 0)
        return number
    }

    private func received(_ number: Int32) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = unsafe buffer.withUnsafeMutableBytes { region in
            unsafe recv(number, region.baseAddress, region.count, Int32(MSG_DONTWAIT))
        }
        return Array(buffer.prefix(max(count, 0)))
    }
}

@Suite struct ManualPageTests {
    @Test func everyCommandHasItsSection() {
        let page = ManualPage.text
        #expect(page.hasPrefix(".TH SLUICE 1 "))
        for name in ["sluice run", "sluice keys list", "sluice subject erase", "sluice manual"] {
            #expect(page.contains("\n.SS \(name)\n"), "\(name)")
        }
        #expect(page.contains("\\-\\-dry\\-run"))
        let requests = ["TH", "SH", "SS", "B", "I", "TP", "nf", "fi"]
        for line in page.split(separator: "\n") where line.hasPrefix(".") {
            let request = line.dropFirst().prefix { $0.isLetter }
            #expect(requests.contains(String(request)), "\(line)")
        }
    }
}
