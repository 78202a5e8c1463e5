import Foundation
import TestSupport
import Testing

/// What an operator looks at each day: status, metrics, the log, a quiet run.
@Suite struct StatusTests {
    private func scene() throws -> Scene {
        let scene = try Scene()
        try scene.write("p.yaml", Pipeline.stateful)
        var maker = EventMaker(seed: 91)
        try scene.write("in/a.jsonl", maker.jsonLines(300))
        return scene
    }

    @Test func statusFollowsTheRuns() throws {
        let scene = try scene()
        let early = try sluice(["status", "p.yaml", "--now", "2026-04-15"], in: scene)
        #expect(early.status == 6)
        #expect(early.errors.contains("has not run yet"))
        #expect(try sluice(["run", "p.yaml", "--now", "2026-04-01"], in: scene).status == 0)
        let well = try sluice(["status", "p.yaml", "--now", "2026-04-01"], in: scene)
        #expect(well.status == 0, "\(well.errors)")
        #expect(text(well.output).contains(": well\n"))
        let state = try scene.tree("state")
        let late = try sluice(["status", "p.yaml", "--now", "2026-06-20", "--json"], in: scene)
        #expect(late.status == 1)
        #expect(text(late.output).hasPrefix(#"{"status":1,"#))
        #expect(try scene.tree("state") == state, "looking changes nothing")
    }

    @Test func aQuietRunSpeaksOnlyWhenItIsLate() throws {
        let scene = try scene()
        let first = try sluice(["run", "p.yaml", "--now", "2026-05-01", "--quiet"], in: scene)
        #expect(first.status == 0 && first.errors.isEmpty, "\(first.errors)")
        let late = try sluice(["run", "p.yaml", "--now", "2026-06-20", "--quiet"], in: scene)
        #expect(late.status == 0)
        #expect(late.errors.contains("this run is late"))
        #expect(late.errors.split(separator: "\n").count == 1)
    }

    @Test func metricsAreReplacedInOneStepAndOnlyByRunsThatEndWell() throws {
        let scene = try scene()
        let run = ["run", "p.yaml", "--quiet", "--metrics", "m/sluice.prom"]
        let missing = try sluice(run + ["--now", "2026-04-01"], in: scene)
        #expect(missing.status == 6, "the folder is the collector's, and is not there")
        #expect(missing.errors.contains("cannot write the metrics"))
        try scene.write("m/sluice.prom", "old\n")
        #expect(try sluice(run + ["--now", "2026-04-02"], in: scene).status == 0)
        let written = text(try scene.read("m/sluice.prom"))
        #expect(written.contains("sluice_last_success_timestamp_seconds{"))
        #expect(written.contains("sluice_oldest_readable_timestamp_seconds{"))
        #expect(try scene.tree("m").count == 1)
        let attributes = try FileManager.default.attributesOfItem(
            atPath: "\(scene.path)/m/sluice.prom")
        #expect(attributes[.posixPermissions] as? Int == 0o644)
        let dry = try sluice(run + ["--now", "2026-06-20", "--dry-run"], in: scene)
        #expect(dry.status == 0)
        try scene.write("in/b.jsonl", String(repeating: "no JSON\n", count: 500))
        #expect(try sluice(run + ["--now", "2026-04-03"], in: scene).status == 5)
        #expect(text(try scene.read("m/sluice.prom")) == written)
    }

    @Test func theLogAsJSONLines() throws {
        let scene = try scene()
        let run = ["run", "p.yaml", "--log-format", "json"]
        let good = try sluice(run + ["--now", "2026-04-01"], in: scene)
        #expect(good.status == 0)
        let bad = try sluice(run + ["nosuch"], in: scene)
        #expect(bad.status == 4)
        for line in (good.errors + bad.errors).split(separator: "\n") {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            let event = try #require(object as? [String: Any], "\(line)")
            #expect(event["time"] is String && event["event"] is String)
        }
        #expect(good.errors.contains(#""event":"run-finished""#))
        #expect(bad.errors.contains(#""event":"failed""#) && bad.errors.contains(#""status":4"#))
    }

    @Test func theFlowchartOfAPipeline() throws {
        let scene = try scene()
        let drawn = try sluice(["explain", "p.yaml", "--mermaid"], in: scene)
        #expect(drawn.status == 0, "\(drawn.errors)")
        let chart = text(drawn.output)
        #expect(chart.hasPrefix("flowchart LR\n"))
        #expect(chart.contains("output0[(") && chart.contains("pseudonymize"))
        let both = try sluice(["explain", "p.yaml", "--mermaid", "--json"], in: scene)
        #expect(both.status == 2)
    }
}

/// What `.ci/install` puts where.
@Suite struct InstallationTests {
    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../.ci/install").standardizedFileURL.path

    @Test func everythingIsInItsPlace() throws {
        let scene = try Scene()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.script)
        process.arguments = ["/opt/sluice"]
        process.environment = SluiceProcess.environment([
            "DESTDIR": scene.path, "SLUICE": SluiceProcess.binary,
        ])
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let share = "opt/sluice/share"
        #expect(scene.exists("opt/sluice/bin/sluice"))
        let page = text(try scene.read("\(share)/man/man1/sluice.1"))
        #expect(page.contains("\n.SS sluice publish\n"))
        for (place, word) in [
            ("bash-completion/completions/sluice", "complete"),
            ("zsh/site-functions/_sluice", "#compdef sluice"),
            ("fish/vendor_completions.d/sluice.fish", "complete -c"),
        ] { #expect(text(try scene.read("\(share)/\(place)")).contains(word), "\(place)") }
    }

    @Test func theVersionTellsWhatItWasBuiltOf() throws {
        let scene = try Scene()
        let told = try sluice(["--version"], in: scene)
        let lines = text(told.output).split(separator: "\n")
        #expect(lines.first?.hasPrefix("sluice ") == true)
        for name in ["rules ", "build ", "OpenSSL ", "SQLite ", "zlib "] {
            #expect(lines.contains { $0.hasPrefix(name) }, "\(name)")
        }
    }
}
