import Foundation
@testable import Pipelines
import TestSupport
import Testing

/// Requests of persons over a store that is aged in place.
@Suite("A person in a store")
struct SubjectStoreTests {
    private func scene(_ lines: String = "") throws -> TemporaryPipeline {
        let scene = try TemporaryPipeline(
            storePipeline(lines),
            files: [
                "data/a.jsonl": storeRecord("01-10") + storeRecord("03-20")
                    + storeRecord("03-21", "bert"),
                "data/b.jsonl": storeRecord("03-22", "bert"),
            ])
        _ = try scene.run(now: "2026-04-15")
        return scene
    }

    @Test("an erasure rewrites the file that holds the subject, and no other")
    func erases() throws {
        let scene = try scene()
        let other = try scene.text("data/b.jsonl")
        let report = try Sluice.eraseSubject(
            SubjectEraseRequest(subject: scene.request(.user, "anna")))
        #expect(report.records == 1 && report.parts == 1 && report.inputs.isEmpty)
        #expect(
            try scene.text("data/a.jsonl") == dueRecord("01-10") + storeRecord("03-21", "bert"))
        #expect(try scene.text("data/b.jsonl") == other)
        let status = try Sluice.statusOfSubject(scene.request(.user, "anna")).entries
        #expect(status.contains { $0.kind == "erasure" && $0.state == "done" })
        // A restored copy loses the records again.
        try scene.write("data/c.jsonl", storeRecord("03-20") + storeRecord("03-23", "cleo"))
        _ = try scene.run(now: "2026-04-16")
        #expect(try scene.text("data/c.jsonl") == storeRecord("03-23", "cleo"))
    }

    @Test("an erasure stays open while lines of the store cannot be searched, until somebody has")
    func otherRules() throws {
        let scene = try scene()
        func limits(_ user: String, isSearched: Bool = false) throws -> [String] {
            var request = SubjectEraseRequest(subject: scene.request(.user, user))
            request.isStoreSearched = isSearched
            return try Sluice.eraseSubject(request).limits
        }
        func states(_ user: String) throws -> [String] {
            try Sluice.statusOfSubject(scene.request(.user, user)).entries
                .filter { $0.kind == "erasure" }.map(\.state)
        }
        #expect(try limits("bert").allSatisfy { !$0.contains("other rules") })
        #expect(try states("bert") == ["done"])
        try scene.write(
            "pipeline.yaml",
            storePipeline().replacingOccurrences(of: "user: { replace: GONE }", with: "user: drop"))
        #expect(try limits("anna").contains { $0.contains("--store-searched") })
        #expect(try states("anna") == ["requested"])
        let run = try scene.run(now: "2026-04-15")
        #expect(run.notes.contains { $0.contains("--store-searched") })
        #expect(try states("anna") == ["requested"])
        #expect(try limits("anna", isSearched: true).allSatisfy { !$0.contains("other rules") })
        #expect(try states("anna") == ["done"])
    }

    @Test("who has looked through the store has to look again when other rules have dealt with it")
    func searchedUpToThen() throws {
        let scene = try scene()
        func use(_ rule: String) throws {
            try scene.write(
                "pipeline.yaml",
                storePipeline().replacing("user: { replace: GONE }", with: "user: \(rule)")
                    + "holds: holds.yaml\n")
        }
        func limits(isSearched: Bool = false) throws -> [String] {
            var request = SubjectEraseRequest(subject: scene.request(.user, "anna"))
            request.isStoreSearched = isSearched
            return try Sluice.eraseSubject(request).limits
        }
        func asks(_ notes: [String]) -> Bool { notes.contains { $0.contains("--store-searched") } }
        try scene.write(
            "holds.yaml",
            """
            holds:
              - { name: case, ground: law, citation: x, start: 2026-04-02, reason: inquiry,
                  by: legal, user: anna }

            """)
        try use("drop")
        _ = try scene.run(now: "2026-04-15")
        #expect(asks(try limits()))
        #expect(!asks(try limits(isSearched: true)))
        #expect(!asks(try scene.run(now: "2026-04-15").notes))
        // Another rule, and then the one of the search again: what the other made is unknown.
        for rule in ["{ replace: AWAY }", "drop"] {
            try use(rule)
            #expect(asks(try scene.run(now: "2026-04-15").notes))
        }
        #expect(!asks(try limits(isSearched: true)))
    }

    @Test("an erasure stays open while the pipeline has lost its store, until somebody has looked")
    func lostStore() throws {
        let scene = try scene()
        let store = #"  { files: "data/**/*.jsonl*", settle: PT0S }"#
        #expect(storePipeline().contains("store:" + store.dropFirst()))
        try scene.write(
            "pipeline.yaml",
            storePipeline(
                "outputs: [ { name: o, purpose: security, path: out/o.jsonl } ]",
                source: #", files: "in/*""#
            ).replacing("store:" + store.dropFirst() + "\n", with: ""))
        func states(isSearched: Bool) throws -> [String] {
            var request = SubjectEraseRequest(subject: scene.request(.user, "anna"))
            request.isStoreSearched = isSearched
            let limits = try Sluice.eraseSubject(request).limits
            #expect(limits.contains { $0.contains("no store `archive` any more") } != isSearched)
            return try Sluice.statusOfSubject(scene.request(.user, "anna")).entries
                .filter { $0.kind == "erasure" }.map(\.state)
        }
        #expect(try states(isSearched: false) == ["requested"])
        #expect(try states(isSearched: true) == ["done"])
    }

    @Test("the request is permission enough, where any other change has to be confirmed")
    func needsNoToken() throws {
        let pipeline = storePipeline(store: ", confirm: required")
        let scene = try TemporaryPipeline(
            pipeline, files: ["data/a.jsonl": storeRecord("03-20") + storeRecord("03-21", "bert")])
        _ = try scene.run(now: "2026-04-15")
        let report = try Sluice.eraseSubject(
            SubjectEraseRequest(subject: scene.request(.user, "anna")))
        #expect(report.records == 1)
        #expect(try scene.text("data/a.jsonl") == storeRecord("03-21", "bert"))
        #expect(throws: PipelineFailure.self) { try scene.run(now: "2026-05-15") }
    }

    @Test("a file that was away is searched when it comes back, also when the clock was set back")
    func clockSetBack() throws {
        let scene = try scene()
        try scene.write("data/c.jsonl", storeRecord("04-10") + storeRecord("04-11", "cleo"))
        _ = try scene.run(now: "2026-04-20")
        let away = try scene.text("data/c.jsonl")
        try scene.remove("data/c.jsonl")
        _ = try Sluice.eraseSubject(
            SubjectEraseRequest(subject: scene.request(.user, "anna", now: "2026-04-16")))
        try scene.write("data/d.jsonl", away)
        _ = try scene.run(now: "2026-04-21")
        #expect(try scene.text("data/d.jsonl") == storeRecord("04-11", "cleo"))
    }

    @Test("a correction is made in place, and only there")
    func rectifies() throws {
        let scene = try scene()
        let report = try Sluice.rectifySubject(
            SubjectRectifyRequest(
                subject: scene.request(.user, "anna"), field: "action", text: "logout"))
        #expect(report.records == 1)
        let expected = storeRecord("03-20").replacingOccurrences(of: "login", with: "logout")
        #expect(
            try scene.text("data/a.jsonl")
                == dueRecord("01-10") + expected + storeRecord("03-21", "bert"))
    }

    @Test("a copy has what is in the store, once")
    func exports() throws {
        let scene = try scene()
        let report = try scene.export(scene.request(.user, "bert"))
        #expect(report.records == 2)
        #expect(report.places.map(\.kind) == ["store"])
    }

    @Test("files of a store are its own, also when the request comes from another folder")
    func relative() throws {
        let scene = try scene()
        let folder = try workingFolder()
        let up = folder.split(separator: "/").map { _ in ".." }.joined(separator: "/")
        var request = scene.request(.user, "anna")
        request.pipeline = "\(up)\(request.pipeline)"
        let report = try Sluice.eraseSubject(SubjectEraseRequest(subject: request))
        #expect(report.records == 1 && report.inputs.isEmpty)
    }
}
