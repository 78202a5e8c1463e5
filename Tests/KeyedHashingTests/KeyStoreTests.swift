import CSynchronizations
import FileSystem
import Foundation
import Records
import TestSupport
import Testing

@testable import KeyedHashing

struct KeyStoreTests {
    @Test func aKeyStaysTheSameAndEveryMonthHasItsOwn() throws {
        let scratch = try Scratch()
        let store = try scratch.store()
        #expect(isMissing(try store.key(for: march, creatingIfMissing: false)))
        let first = try #require(aliveKey(try store.key(for: march, creatingIfMissing: true)))
        let again = try #require(
            aliveKey(try scratch.store(zone: nil).key(for: march, creatingIfMissing: false)))
        let other = try #require(aliveKey(try store.key(for: april, creatingIfMissing: true)))
        #expect(first.fingerprint == again.fingerprint)
        #expect(first.id == again.id)
        #expect(first.fingerprint != other.fingerprint)
        #expect(first.id.text.hasPrefix("2026-03/Europe.Amsterdam/"))
        let domain = TokenDomain(scope: "user", field: "user")
        #expect(first.tokens.token(domain, [1]) == again.tokens.token(domain, [1]))
        #expect(try store.epochs().map(\.keyID) == [first.id, other.id])
    }

    @Test func directoryAndFilesAreForTheOwnerOnly() throws {
        let scratch = try Scratch()
        let store = try scratch.store()
        _ = try store.key(for: march, creatingIfMissing: true)
        _ = try store.lockForUse()
        try store.register(statePath: "/srv/example/state")
        _ = try store.destroy(march, run: "run 1", now: noon)
        _ = try store.key(for: april, creatingIfMissing: true)
        #expect(try scratch.mode("keys") == 0o700)
        for name in try FileManager.default.contentsOfDirectory(atPath: scratch.path + "/keys") {
            #expect(try scratch.mode("keys/" + name) == 0o600, "\(name)")
            #expect(!name.hasPrefix("."), "nothing temporary stays")
        }
    }

    @Test(arguments: [0o640, 0o604, 0o660, 0o610])
    func keyFilesOpenToOthersAreRefused(mode: Int) throws {
        let scratch = try Scratch()
        let store = try scratch.store()
        _ = try store.key(for: march, creatingIfMissing: true)
        try scratch.setMode("keys/2026-03.key", mode)
        let fault = #expect(throws: KeyFault.self) {
            try store.key(for: march, creatingIfMissing: true)
        }
        #expect(fault?.description.contains("group or others have rights") == true)
    }

    @Test(arguments: [0o750, 0o705, 0o777])
    func directoriesOpenToOthersAreRefused(mode: Int) throws {
        let scratch = try Scratch()
        _ = try scratch.store()
        try scratch.setMode("keys", mode)
        #expect(throws: KeyFault.self) { try scratch.store() }
    }

    @Test func symbolicLinksAreRefused() throws {
        let scratch = try Scratch()
        let store = try scratch.store()
        _ = try store.key(for: march, creatingIfMissing: true)
        let files = FileManager.default
        let keys = scratch.path + "/keys"
        try files.moveItem(atPath: keys + "/2026-03.key", toPath: scratch.path + "/moved")
        try files.createSymbolicLink(
            atPath: keys + "/2026-03.key", withDestinationPath: scratch.path + "/moved")
        let fault = #expect(throws: KeyFault.self) {
            try store.key(for: march, creatingIfMissing: true)
        }
        #expect(fault?.description.contains("symbolic link") == true)
        try files.createSymbolicLink(
            atPath: scratch.path + "/link", withDestinationPath: keys)
        #expect(throws: KeyFault.self) {
            try KeyStore.open(
                path: scratch.path + "/link", zone: nil, creatingIfMissing: false)
        }
    }

    @Test(.enabled(if: try Want.superuser.isMet(geteuid() == 0)))
    func filesOfOthersAreRefused() throws {
        let scratch = try Scratch()
        let store = try scratch.store()
        _ = try store.key(for: march, creatingIfMissing: true)
        try FileManager.default.setAttributes(
            [.ownerAccountID: 65534], ofItemAtPath: scratch.path + "/keys/2026-03.key")
        let fault = #expect(throws: KeyFault.self) {
            try store.key(for: march, creatingIfMissing: true)
        }
        #expect(fault?.description.contains("another user") == true)
        #expect(fault?.description.contains("mode 0700") == true)
    }

    @Test func anotherZoneIsAFault() throws {
        let scratch = try Scratch()
        _ = try scratch.store(zone: "Europe/Amsterdam")
        let fault = #expect(throws: KeyFault.self) { try scratch.store(zone: "UTC") }
        #expect(fault?.description.contains("Europe/Amsterdam") == true)
        #expect(fault?.description.contains("expected that zone in the pipeline") == true)
        #expect(fault?.description.contains("mode") == false)
        #expect(try scratch.store(zone: nil).zone == "Europe/Amsterdam")
        #expect(throws: KeyFault.self) { try scratch.store(zone: "two\nlines") }
    }

    /// A key file has one byte for the length of the name.
    @Test func theLongestNameOfAZone() throws {
        let scratch = try Scratch()
        #expect(throws: KeyFault.unusableText("zone")) {
            try scratch.store(zone: String(repeating: "z", count: 256))
        }
        let name = String(repeating: "z", count: 255)
        let store = try scratch.store(zone: name)
        _ = try store.key(for: march, creatingIfMissing: true)
        let again = try scratch.store(zone: name).key(for: march, creatingIfMissing: false)
        #expect(aliveKey(again) != nil)
    }

    /// Longer files than any of a store are not read.
    @Test func theLongestFile() throws {
        let scratch = try Scratch()
        try scratch.write("five", bytes("12345"))
        let directory = try scratch.directory()
        #expect(try PrivateFile.secret("five", in: directory, limitBytes: 5)?.count == 5)
        #expect(try PrivateFile.content("five", in: directory, limitBytes: 5) == bytes("12345"))
        #expect(throws: KeyFault.self) {
            try PrivateFile.secret("five", in: directory, limitBytes: 4)
        }
        #expect(throws: KeyFault.self) {
            try PrivateFile.content("five", in: directory, limitBytes: 4)
        }
    }

    @Test func whatIsMadeOnceStaysAsItIs() throws {
        let scratch = try Scratch()
        let directory = try scratch.directory()
        let contents = try ["one", "two"].map { try SecretKey.copying(bytes($0).span) }
        #expect(try directory.makeOnce("name", content: contents[0]))
        #expect(try !directory.makeOnce("name", content: contents[1]))
        #expect(try scratch.read("name") == bytes("one"))
        #expect(try scratch.names() == ["name"])
    }

    @Test func onlyAnEmptyDirectoryBecomesAStore() throws {
        let scratch = try Scratch()
        try scratch.write("notes.txt", bytes("something of somebody"))
        #expect(throws: KeyFault.notAStore(path: scratch.path)) {
            try KeyStore.open(path: scratch.path, zone: "UTC", creatingIfMissing: true)
        }
        #expect(throws: KeyFault.noStore(path: scratch.path)) {
            try KeyStore.open(path: scratch.path, zone: "UTC", creatingIfMissing: false)
        }
        let store = try scratch.store()
        _ = try store.key(for: march, creatingIfMissing: true)
        try FileManager.default.removeItem(atPath: scratch.path + "/keys/store")
        #expect(throws: KeyFault.notAStore(path: scratch.path + "/keys")) { try scratch.store() }
    }

    /// No flipped bit, missing byte or extra byte of a key, a tombstone or the declaration passes.
    @Test(arguments: ["2026-03.key", "2026-04.destroyed", "store"])
    func anyDamageIsRefused(name: String) throws {
        let scratch = try Scratch()
        let store = try scratch.store()
        _ = try store.key(for: march, creatingIfMissing: true)
        _ = try store.key(for: april, creatingIfMissing: true)
        try store.destroy(april, run: "run 1", now: noon)
        let good = try scratch.read("keys/" + name)
        let damaged =
            good.indices.map { at in
                var copy = good
                copy[at] ^= 1 << UInt8(at % 8)
                return copy
            } + [Array(good.dropLast()), good + [0], good + good, []]
        for content in damaged {
            try scratch.write("keys/" + name, content)
            #expect(throws: KeyFault.damaged(path: scratch.path + "/keys/" + name)) {
                let opened = try scratch.store()
                _ = try opened.key(for: march, creatingIfMissing: true)
                _ = try opened.key(for: april, creatingIfMissing: true)
            }
        }
        try scratch.write("keys/" + name, good)
        #expect(aliveKey(try scratch.store().key(for: march, creatingIfMissing: false)) != nil)
    }

    @Test func aKeyOfAnotherMonthOrZoneIsRefused() throws {
        let scratch = try Scratch()
        let store = try scratch.store()
        _ = try store.key(for: march, creatingIfMissing: true)
        try scratch.write("keys/2026-04.key", try scratch.read("keys/2026-03.key"))
        #expect(throws: KeyFault.self) { try store.key(for: april, creatingIfMissing: true) }
        let other = try KeyStore.open(
            path: scratch.path + "/utc", zone: "UTC", creatingIfMissing: true)
        try scratch.write("utc/2026-03.key", try scratch.read("keys/2026-03.key"))
        #expect(throws: KeyFault.self) { try other.key(for: march, creatingIfMissing: true) }
    }

    @Test func noFaultShowsKeyBytes() throws {
        let scratch = try Scratch()
        let store = try scratch.store()
        _ = try store.key(for: march, creatingIfMissing: true)
        var content = try scratch.read("keys/2026-03.key")
        let secret = Array(content.dropLast(32).suffix(32))
        content[content.count - 1] ^= 1
        try scratch.write("keys/2026-03.key", content)
        let fault = try #require(
            throws: KeyFault.self, performing: { try store.epochs() })
        let shown = "\(fault) \(String(reflecting: fault))"
        for length in [4, 8] {
            #expect(!shown.lowercased().contains(hex(Array(secret.prefix(length)))))
        }
        #expect(!shown.contains("\(secret.prefix(4))"))
    }

    @Test func registeredStatesAreRemembered() throws {
        let scratch = try Scratch()
        let store = try scratch.store()
        #expect(try store.registeredStates().isEmpty)
        for path in ["/srv/b.example", "/srv/a.example", "/srv/b.example"] {
            try store.register(statePath: path)
        }
        #expect(try scratch.store().registeredStates() == ["/srv/a.example", "/srv/b.example"])
        #expect(try store.unregister(statePath: "/srv/b.example", by: "keys forget", now: noon))
        #expect(try !store.unregister(statePath: "/srv/b.example", by: "keys forget", now: noon))
        #expect(try !store.unregister(statePath: "/srv/c.example", by: "keys forget", now: noon))
        let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path + "/keys")
        #expect(names.filter { $0.hasSuffix(".forgotten") }.count == 1)
        #expect(try store.registeredStates() == ["/srv/a.example"])
        #expect(throws: KeyFault.self) { try store.register(statePath: "relative") }
        #expect(throws: KeyFault.self) { try store.register(statePath: "/with\nfeed") }
    }

    @Test func aRecordOfAnotherStateSpeaksForNone() throws {
        let scratch = try Scratch()
        let store = try scratch.store()
        func record() throws -> String {
            try #require(
                FileManager.default.contentsOfDirectory(atPath: scratch.path + "/keys")
                    .first { $0.hasSuffix(".state") })
        }
        try store.register(statePath: "/srv/a.example")
        let content = try scratch.read("keys/" + record())
        try store.unregister(statePath: "/srv/a.example", by: "test", now: noon)
        try store.register(statePath: "/srv/b.example")
        let name = try record()
        try scratch.write("keys/" + name, content)
        #expect(throws: KeyFault.damaged(path: "\(scratch.path)/keys/\(name)")) {
            try store.register(statePath: "/srv/b.example")
        }
    }

    @Test func pipelinesLeaveWordOfWhatTheyNeed() throws {
        let scratch = try Scratch()
        let store = try scratch.store()
        #expect(try store.registeredPipelines().isEmpty)
        let words = [
            ("P1M", false, "P7D"), ("P1M P12M", true, "P14D"), ("P1M P12M", false, "P14D"),
        ]
        // The last word counts, and every part of it.
        for (lengths, usesDueMonths, grace) in words {
            let needs = try #require(
                KeyNeeds(lengthsText: lengths, usesDueMonths: usesDueMonths, graceText: grace))
            try store.register(pipeline: "nightly", needs: needs)
            try store.register(pipeline: "nightly", needs: needs)
            let known = try scratch.store().registeredPipelines()
            #expect(known.map(\.name) == ["nightly"])
            #expect(known.map(\.needs.lengthsText) == [lengths])
            #expect(known.map(\.needs.usesDueMonths) == [usesDueMonths])
            #expect(known.map(\.needs.grace.text) == [grace])
            // Nobody can ask its stored parts.
            #expect(known.map(\.needs.partsTell) == [false])
        }
    }

    /// What was not synchronised, only a power cut would tell.
    @Test(.enabled(if: sluice_counts_synchronizations()))
    func whatIsMadeAndRemovedIsSynchronised() throws {
        let scratch = try Scratch()
        let store = try scratch.store()
        _ = try store.key(for: march, creatingIfMissing: true)
        try store.register(statePath: "/srv/a.example")
        func synchronizations(_ body: () throws -> Void) rethrows -> UInt64 {
            let before = sluice_synchronizations()
            try body()
            return sluice_synchronizations() - before
        }
        // The file and its folder each time.
        let record = try SecretKey.copyingRecord(bytes("a"))
        let made = try synchronizations {
            _ = try store.directory.makeOnce("a", content: record)
        }
        #expect(made == 2)
        let erased = try synchronizations { try store.eraseKey(of: march) }
        #expect(erased == 2)
        let again = try synchronizations { try store.eraseKey(of: march) }
        #expect(again == 0)
        // What says who forgot it, and the folder once more.
        let forgotten = try synchronizations {
            try store.unregister(statePath: "/srv/a.example", by: "test", now: noon)
        }
        #expect(forgotten == 3)
    }

    @Test func aKeyThatWasDestroyedSinceItWasLookedForIsNotMade() throws {
        let scratch = try Scratch()
        let store = try scratch.store()
        _ = try store.key(for: march, creatingIfMissing: true)
        try store.destroy(march, run: "run", now: noon)
        #expect(isDestroyed(try store.create(march)))
        #expect(!scratch.has("keys/2026-03.key"))
        #expect(aliveKey(try store.create(april)) != nil)
    }

    /// The folder in which another process has just made the store is one.
    @Test func aStoreThatAnotherHasJustMadeIsNotForeign() throws {
        let scratch = try Scratch()
        let store = try scratch.store()
        try scratch.write("keys/other", [1])
        try KeyStore.refuseForeignFiles(store.directory)
        #expect(throws: KeyFault.self) {
            try scratch.write("foreign", [1])
            try KeyStore.refuseForeignFiles(scratch.directory())
        }
    }

    /// A link in the place of a destroyed key goes; what it leads to is nobody's to overwrite.
    @Test func aLinkInThePlaceOfADestroyedKeyIsNotFollowed() throws {
        let scratch = try Scratch()
        let store = try scratch.store()
        _ = try store.key(for: march, creatingIfMissing: true)
        try store.destroy(march, run: "run", now: noon)
        try scratch.write("other", bytes("other"))
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path + "/keys/2026-03.key",
            withDestinationPath: scratch.path + "/other")
        #expect(try scratch.store().erasedAgain == [march])
        #expect(!scratch.has("keys/2026-03.key"))
        #expect(try scratch.read("other") == bytes("other"))
    }

    @Test func runsAndDestructionsExcludeEachOther() throws {
        let scratch = try Scratch()
        let store = try scratch.store()
        do {
            let first = try store.lockForUse()
            let second = try store.lockForUse()
            #expect(throws: KeyFault.self) { _ = try store.lockForDestruction() }
            _ = consume first
            #expect(throws: KeyFault.self) { _ = try store.lockForDestruction() }
            _ = consume second
        }
        // A child process that another test is just starting shares our locks for a moment.
        for _ in 0..<100 where (try? store.lockForDestruction()) == nil { usleep(5000) }
        let alone = try store.lockForDestruction()
        #expect(throws: KeyFault.self) { _ = try store.lockForUse(waitingSeconds: 0) }
        _ = consume alone
    }
}
