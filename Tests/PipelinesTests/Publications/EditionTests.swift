import Foundation
import Ledger
import Publication
import Records
import TestSupport
import Testing

@testable import Pipelines

/// A format writes other bytes in a newer version of Sluice.
struct EditionTests {
    /// The formats of today, with a newer CSV whose files end with an empty line.
    private var newer: [PublicationFormat] {
        PublicationCatalogue.all.map { format in
            guard format.name == "csv" else { return format }
            return PublicationFormat(name: "csv", summary: "", version: 2) {
                publication throws(PublicationFault) in
                try format.files(publication).map {
                    PublicationFile(name: $0.name, bytes: $0.bytes + [0x0a])
                }
            }
        }
    }

    private func published() throws -> PublishTrial {
        let scene = try PublishTrial()
        try scene.add("a", "2026-03-10", 0..<6)
        try scene.trial.run(now: "2026-04-01")
        try scene.publish("2026-04-08")
        return scene
    }

    private func restore(
        _ scene: PublishTrial, _ catalogue: [PublicationFormat]
    ) throws -> RecordedPublication.Restoration {
        let ledger = try Ledger.open(stateDirectory: "\(scene.trial.folder)/state")
        let record = try #require(try ledger.publications().first)
        return try RecordedPublication(record, ledger)
            .restore(ledger, now: EventTime(milliseconds: 1_775_800_000_000), catalogue)
    }

    @Test func whatIsThereStaysAsItIs() throws {
        let scene = try published()
        let before = try scene.published()
        #expect(try restore(scene, newer) == .init())
        #expect(try scene.published() == before)
    }

    @Test func whatIsGoneIsWrittenInTheNewVersion() throws {
        let scene = try published()
        let before = try scene.published()
        try scene.trial.remove("out/2026-03/months.csv")
        #expect(try restore(scene, newer) == .init(restored: 0, reissued: 2))
        let after = try scene.published()
        let changed = Set(before.keys.filter { before[$0] != after[$0] })
        #expect(changed == ["2026-03/months.csv", "2026-03/publication.json"])
        #expect(after["2026-03/months.csv"] == before["2026-03/months.csv"].map { $0 + [0x0a] })
        // The ledger knows them: nothing is amiss, and the next call finds them in order.
        #expect(try scene.findings("2026-04-10") == [])
        #expect(try restore(scene, newer) == .init())
        #expect(try scene.publish("2026-04-10").entries.map(\.outcome) == [.unchanged])
    }

    @Test func otherFormatsComeBackWithTheSameBytes() throws {
        let scene = try published()
        let before = try scene.published()
        try scene.trial.remove("out/2026-03/months.jsonl")
        try scene.trial.write("out/2026-03/publication.json", "{}")
        #expect(try restore(scene, newer) == .init(restored: 2, reissued: 0))
        #expect(try scene.published() == before)
    }

    @Test func otherBytesInTheSameVersionAreNoRestoration() throws {
        let scene = try published()
        try scene.trial.remove("out/2026-03/months.csv")
        let wrong = newer.map {
            PublicationFormat(name: $0.name, summary: "", version: 1, files: $0.files)
        }
        #expect(throws: PipelineFailure.self) { try restore(scene, wrong) }
    }

    @Test("an edition is read as it was written", arguments: ["html", "html@2", "about"])
    func text(_ text: String) {
        #expect(FormatEdition(text: text).text == text)
    }
}
