import Foundation
import Records
import TestSupport
import Testing

@testable import Pipelines

/// Results in the place of what a pipeline lives on, and sources that find its results.
@Suite("Places of results") struct ResultPlacesTests {
    private static func pipeline(
        sources: String = "logs/*", output: String = "out/{month}.jsonl",
        table: String = "out/s.csv", more: String = "state: state"
    ) -> String {
        """
        name: p
        source: { format: jsonl, files: "\(sources)", time: ts }
        identity: { user: user }
        fields: { ts: keep, user: pseudonymize, action: keep }
        outputs:
          - { name: tok, purpose: statistics, path: "\(output)" }
        statistics:
          - { name: s, purpose: statistics, by: [month, action], measures: { n: count },
              path: "\(table)" }
        keys: keys
        opt_outs: oo.csv
        \(more)

        """
    }

    private func scene(_ pipeline: String) throws -> TemporaryPipeline {
        try TemporaryPipeline(
            pipeline,
            files: [
                "oo.csv": "customer,purpose,effective_date\n",
                "logs/a.jsonl": #"{"ts":"2026-03-05T12:00:00Z","user":"anna","action":"a"}"# + "\n",
            ])
    }

    private func faults(_ pipeline: String, linking links: [String: String] = [:]) throws
        -> [String]
    {
        let scene = try scene(pipeline)
        try link(links, in: scene)
        return try Sluice.check(pipeline: "\(scene.folder)/pipeline.yaml").map {
            "\($0.path): \($0.message)"
        }
    }

    private func link(_ links: [String: String], in scene: TemporaryPipeline) throws {
        for (name, target) in links {
            try FileManager.default.createDirectory(
                atPath: "\(scene.folder)/\(target)", withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            try FileManager.default.createSymbolicLink(
                atPath: "\(scene.folder)/\(name)",
                withDestinationPath: "\(scene.folder)/\(target)")
        }
    }

    @Test(
        "nothing is wrong with a place of its own",
        arguments: [
            // Why: what the source finds, and what is written, differ.
            ("by default", "logs/*", "out/{month}.jsonl", ""),
            ("other endings", "logs/*.jsonl", "logs/{month}.csv", ""),
            ("a folder that * does not enter", "logs/*", "logs/old/{month}.jsonl", ""),
            ("a part has a digest in its name", "tok.jsonl", "tok.jsonl", ""),
            ("** finds no name with a dot", "logs/**", "logs/.tok/{month}.jsonl", ""),
            ("nor does a folder", "logs", "logs/.tok-{month}.jsonl", ""),
            ("a word is no day", "out/users.*.jsonl", "out/{date}.jsonl", ""),
            ("a month is no day", "out/2026-03-05.*.jsonl", "out/{month}.jsonl", ""),
            ("letters are no digits", "out/[a-t]*.jsonl", "out/{date}.jsonl", ""),
            ("out of the set", "out/[!0-9u]*.jsonl", "out/{date}.jsonl", ""),
            ("a folder of its own below the state", "logs/*", "state/out/{month}.jsonl", ""),
            ("the standard place", "logs/*", "out/{month}.jsonl", "path: state/quarantine"),
            ("its own below the state", "logs/*", "out/{month}.jsonl", "path: state/bad"),
            ("lists have an ending", "logs/*.log", "out/{month}.jsonl", "path: logs"),
            ("a state holds no such files", "**/*.log.gz", "out/{month}.jsonl", ""),
            ("nor tables", "**/*.csv.gz", "out/{month}.jsonl", ""),
            ("nor what has any ending", "**/access.*", "out/{month}.jsonl", ""),
            ("nor one folder down", "*/*.log", "out/{month}.jsonl", ""),
            ("its lists lie deeper", "*/*.jsonl", "deep/out/{month}.jsonl", ""),
            ("its lists lie elsewhere", "**/*.jsonl", "a/.out/{month}.jsonl", "path: .bad"),
        ])
    func good(_ why: String, _ sources: String, _ output: String, _ quarantine: String) throws {
        let more = quarantine.isEmpty ? "" : "\nquarantine: { limit: 1%, \(quarantine) }"
        let pipeline = Self.pipeline(
            sources: sources, output: output, more: "state: state\(more)")
        #expect(try faults(pipeline) == [], "\(why)")
    }

    @Test(
        "links to folders are looked through",
        arguments: [
            ("alias/*", "logs/{month}.jsonl", "state", ["alias": "logs"], "outputs[1].path"),
            ("logs/*", "alias/{month}.jsonl", "state", ["alias": "logs"], "outputs[1].path"),
            ("logs/**", "alias/{month}.jsonl", "state", ["alias": "logs/in"], "outputs[1].path"),
            ("logs/*", "real/keys/{month}.jsonl", "alias", ["alias": "real"], "outputs[1].path"),
            ("alias/*.jsonl", "out/{month}.jsonl", "state", ["alias": "other"], ""),
        ])
    func links(
        _ sources: String, _ output: String, _ state: String, _ links: [String: String],
        _ path: String
    ) throws {
        let pipeline = Self.pipeline(sources: sources, output: output, more: "state: \(state)")
        let found = try faults(pipeline, linking: links)
        #expect(
            path.isEmpty ? found == [] : found.contains { $0.hasPrefix(path) }, "\(found)")
    }

    @Test(
        "a source finds nothing that the pipeline remembers",
        arguments: ["**/*.jsonl", "state/ledger.sqlite", "state", "keys/*", "**"])
    func remembered(_ sources: String) throws {
        let found = try faults(Self.pipeline(sources: sources, output: "tok/.{month}.jsonl"))
        let fault = try #require(found.first { $0.hasPrefix("source.files") }, "\(found)")
        #expect(fault.contains("folders that the pattern does not find"))
        #expect(!sources.hasSuffix(".jsonl") || fault.contains("may be a list of quarantine"))
    }

    @Test("every file of a state is one that no source may find") func ownFiles() throws {
        let scene = try scene(Self.pipeline())
        _ = try scene.run(now: "2026-04-15")
        for file in scene.files(below: "state") + scene.files(below: "keys") {
            let folder = file.hasSuffix(".key") && !file.contains("registry") ? "keys" : "state"
            let places = ["\(folder)/\(file)", "keys/\(file)", "state/\(file)", file]
            let path = try #require(
                places.first { FileManager.default.fileExists(atPath: "\(scene.folder)/\($0)") })
            let found = try faults(Self.pipeline(sources: path))
            #expect(found.contains { $0.hasPrefix("source.files") }, "\(path): \(found)")
        }
    }

    @Test(
        "sources on the command line are held to it, too",
        arguments: ["out", "**/*.csv", "out/s.csv", "state", "logs/a.jsonl"])
    func commandLine(_ source: String) throws {
        let scene = try scene(Self.pipeline())
        var request = RunRequest(pipeline: "\(scene.folder)/pipeline.yaml")
        request.now = "2026-04-15"
        request.sources = ["\(scene.folder)/\(source)"]
        if source == "logs/a.jsonl" {
            _ = try Sluice.run(request, observer: nil)
            #expect(scene.files(below: "out").count == 2)
            return
        }
        let failure = #expect(throws: PipelineFailure.self) {
            try Sluice.run(request, observer: nil)
        }
        #expect(failure.map { "\($0)" }?.contains("expected sources only") == true)
        #expect(scene.files(below: ".").count == 3)
    }

    @Test("evidence, work and metrics of a status are held to it, too") func besides() throws {
        let scene = try scene(Self.pipeline(sources: "logs/**"))
        _ = try scene.run(now: "2026-04-15")
        let pipeline = "\(scene.folder)/pipeline.yaml"
        for (place, isGood) in [("logs/in", false), ("evidence", true)] {
            var verify = VerifyRequest(pipeline: pipeline)
            verify.now = "2026-04-15"
            verify.reportFolder = "\(scene.folder)/\(place)"
            #expect(((try? Sluice.verify(verify)) != nil) == isGood)
            var plan = TaskPlanRequest(pipeline: pipeline, work: "\(scene.folder)/\(place)")
            plan.now = "2026-04-15"
            #expect(((try? Sluice.planTasks(plan)) != nil) == isGood)
            var status = StatusRequest(pipeline: pipeline)
            status.now = "2026-04-15"
            status.metrics = "\(scene.folder)/\(place)/metrics.prom"
            #expect(((try? Sluice.status(status)) != nil) == isGood)
        }
    }

    @Test(
        "work has a folder of its own",
        arguments: [
            "state", "state/work", "state/out/work", ".", "..", "keys", "keys/work", "out", "logs",
            "oo.csv", "other/../state/work",
        ])
    func work(_ place: String) throws {
        let scene = try scene(Self.pipeline(sources: "logs/**"))
        _ = try scene.run(now: "2026-04-15")
        let files = scene.files(below: ".")
        var request = TaskPlanRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", work: "\(scene.folder)/\(place)")
        request.now = "2026-04-15"
        let failure = #expect(throws: PipelineFailure.self) { try Sluice.planTasks(request) }
        guard case .usage(let sentence)? = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(sentence.hasPrefix("--work: found"))
        #expect(scene.files(below: ".") == files)
    }

    @Test("no source lies in the folder of the work, wherever below it")
    func sourcesInTheWork() throws {
        let scene = try scene(Self.pipeline(sources: "logs/in/*"))
        var request = TaskPlanRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", work: "\(scene.folder)/logs")
        request.now = "2026-04-15"
        let failure = #expect(throws: PipelineFailure.self) { try Sluice.planTasks(request) }
        #expect("\(String(describing: failure))".contains("--work: found what is a source"))
    }

    @Test("results may lie in a folder of their own below the state") func belowState() throws {
        let scene = try scene(
            Self.pipeline(output: "state/out/{month}.jsonl", table: "state/out/s.csv"))
        _ = try scene.run(now: "2026-04-15")
        let found = try scene.verify(now: "2026-04-15").findings
        #expect(found.isEmpty, "\(found)")
        let part = try #require(scene.files(below: "state/out").first { $0.hasSuffix(".jsonl") })
        for (path, mode) in [("state/out/\(part)", 0o666), ("state/out", 0o777)] {
            let path = "\(scene.folder)/\(path)"
            let manager = FileManager.default
            let was = try manager.attributesOfItem(atPath: path)[.posixPermissions]
            try manager.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            let exposed = try scene.verify(now: "2026-04-15").findings
            #expect(exposed.map(\.kind) == [.exposed], "\(exposed)")
            try manager.setAttributes([.posixPermissions: was ?? 0], ofItemAtPath: path)
        }
    }

    @Test(
        "nor the place of a reference table, or of what a database keeps beside itself",
        arguments: [
            ("crm/real.db", false), ("crm.db", false), ("crm/real.db-wal", false),
            ("crm/real.db-shm", false), ("crm/real.db-journal", false), ("users.csv", false),
            ("crm/real.csv", true), ("crm.db-wal", true),
        ])
    func referenceTables(_ table: String, _ isGood: Bool) throws {
        let crm = try scene(Self.pipeline())
        _ = try crm.run(now: "2026-03-10")
        let clocks = """
            window: { start: { table: users, column: left, by: user }, length: P1M }
            delete:
              - { start: { table: runs, column: now_ms, by: action }, length: P1Y }
            tables:
              - { name: users, file: users.csv, key: user }
              - { name: runs, sqlite: crm.db, table: runs, key: pipeline, time: epoch-ms }
            """
        let scene = try scene(Self.pipeline(table: table, more: "state: state\n\(clocks)"))
        try scene.write("users.csv", "user,left\nanna,\n")
        let manager = FileManager.default
        try scene.write("crm/real.db", "")
        try manager.removeItem(atPath: "\(scene.folder)/crm/real.db")
        try manager.copyItem(
            atPath: "\(crm.folder)/state/ledger.sqlite", toPath: "\(scene.folder)/crm/real.db")
        try manager.createSymbolicLink(
            atPath: "\(scene.folder)/crm.db", withDestinationPath: "crm/real.db")
        let found = try Sluice.check(pipeline: "\(scene.folder)/pipeline.yaml")
        #expect(found.map(\.path) == (isGood ? [] : ["statistics[1].path"]), "\(found)")
    }

    @Test("a state is no folder that the pipeline file lies in") func stateAround() throws {
        let found = try faults(Self.pipeline(more: "state: ."))
        #expect(found.contains { $0.hasPrefix("state: found the folder") }, "\(found)")
    }

    @Test(
        "a table takes the place of nothing that is read",
        arguments: [
            "logs/a.jsonl", "logs/new", "oo.csv", "pipeline.yaml", "state/ledger.sqlite",
            "state/new", "./out/../oo.csv", "keys/2026-03.key",
        ])
    func tables(_ table: String) throws {
        let found = try faults(Self.pipeline(table: table))
        #expect(found.count == 1 && found[0].hasPrefix("statistics[1].path"), "\(found)")
    }

    @Test("a statistic is one table: it has no file a month")
    func monthOfAStatistic() throws {
        let found = try faults(Self.pipeline(table: "out/s-{month}.csv"))
        #expect(found.count == 1 && found[0].hasPrefix("statistics[1].path"), "\(found)")
    }

    @Test(
        "a source never finds what the pipeline writes",
        arguments: [
            ("logs/*", "logs/tok-{month}.jsonl"), ("**/*.jsonl", "out/{month}.jsonl"),
            ("logs", "logs/{name}/{month}.jsonl"), ("logs/[a-z]*.jsonl", "logs/{name}.jsonl"),
            ("out/????-??.????????????????.jsonl", "out/{month}.jsonl"),
        ])
    func sources(_ sources: String, _ output: String) throws {
        let found = try faults(Self.pipeline(sources: sources, output: output))
        #expect(found.contains { $0.hasPrefix("outputs[1].path") }, "\(found)")
    }

    @Test(
        "lists of quarantine are held to it, too",
        arguments: [
            ("quarantine: { limit: 1%, path: logs }", "quarantine.path"),
            ("quarantine: { limit: 1%, path: logs/bad }", ""),
        ])
    func folders(_ more: String, _ path: String) throws {
        let found = try faults(Self.pipeline(more: "state: state\n\(more)"))
        #expect(path.isEmpty ? found == [] : found.contains { $0.hasPrefix(path) }, "\(found)")
    }

    @Test(
        "metrics are refused there before the run does anything",
        arguments: [
            "state/ledger.sqlite", "logs/a.jsonl", "oo.csv", "pipeline.yaml", "out/s.csv",
            "logs", "state/new/metrics.prom",
        ])
    func metrics(_ path: String) throws {
        let scene = try TemporaryPipeline(
            Self.pipeline(), files: ["oo.csv": "customer,purpose,effective_date\n", "logs/a": ""])
        var request = RunRequest(pipeline: "\(scene.folder)/pipeline.yaml")
        request.metrics = "\(scene.folder)/\(path)"
        #expect(throws: PipelineFailure.self) { try Sluice.run(request, observer: nil) }
        #expect(scene.files(below: ".").count == 3)
    }
}
