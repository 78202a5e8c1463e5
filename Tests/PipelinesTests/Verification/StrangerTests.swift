import Foundation
import Pipelines
import TestSupport
import Testing

/// Whatever lies where results lie and no run wrote is found, however deep.
@Suite("Strangers among results") struct StrangerTests {
    private func trial() throws -> PublishTrial {
        let trial = try PublishTrial(
            more: """
                outputs:
                  - { name: log, purpose: security, path: "log/{date}.jsonl" }
                """)
        try trial.add("1", "2026-01-10", 0..<9)
        try trial.trial.run(now: "2026-01-25")
        _ = try trial.publish("2026-02-20")
        return trial
    }

    @Test(
        "are found in folders of outputs and of publications",
        arguments: [
            "log/raw.jsonl", "log/old/raw.jsonl", "log/a/b/c/raw.jsonl", "out/raw.jsonl",
            "out/2025-12/months.csv", "out/2026-01/old/months.csv",
        ])
    func found(_ name: String) throws {
        let trial = try trial()
        #expect(try trial.findings("2026-02-20") == [])
        try trial.trial.write(name, "{}\n")
        #expect(
            try trial.findings("2026-02-20") == ["unknown-file \(trial.trial.folder)/\(name)"])
    }

    @Test("an empty folder is none, and state and keys have their own proof")
    func harmless() throws {
        let trial = try trial()
        try trial.trial.write("log/empty/x", "")
        try trial.trial.remove("log/empty/x")
        #expect(try trial.findings("2026-02-20") == [])
    }

    @Test("a right to write for everybody is found on files and folders of results")
    func writable() throws {
        let trial = try trial()
        let log = try #require(trial.trial.files(below: "log").first)
        for (place, open, closed) in [("log/\(log)", 0o666, 0o640), ("out", 0o777, 0o750)] {
            let path = "\(trial.trial.folder)/\(place)"
            let files = FileManager.default
            try files.setAttributes([.posixPermissions: open], ofItemAtPath: path)
            #expect(try trial.findings("2026-02-20") == ["exposed \(path)"])
            try files.setAttributes([.posixPermissions: closed], ofItemAtPath: path)
            #expect(try trial.findings("2026-02-20") == [])
        }
    }
}
