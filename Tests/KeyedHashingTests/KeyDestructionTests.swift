import Foundation
import KeyedHashing
import Records
import TestSupport
import Testing

struct KeyDestructionTests {
    @Test func aDestroyedMonthNeverLivesAgain() throws {
        let scratch = try Scratch()
        let store = try scratch.store()
        let key = try #require(aliveKey(try store.key(for: march, creatingIfMissing: true)))
        let content = try scratch.read("keys/2026-03.key")
        let tombstone = try store.destroy(march, run: "run 7", now: noon)
        #expect(tombstone.keyID == key.id)
        #expect(tombstone.fingerprint == key.fingerprint)
        #expect(tombstone.time == noon)
        #expect(tombstone.run == "run 7")
        #expect(!scratch.has("keys/2026-03.key"))
        for creating in [true, false] {
            let lookup = try scratch.store().key(for: march, creatingIfMissing: creating)
            #expect(isDestroyed(lookup))
        }
        #expect(!scratch.has("keys/2026-03.key"))
        let listing = try store.epochs()
        #expect(listing.map(\.state) == [.destroyed(tombstone)])
        // A key file that comes back from a backup stays unused, and is removed.
        try scratch.write("keys/2026-03.key", content)
        #expect(isDestroyed(try store.key(for: march, creatingIfMissing: true)))
        #expect(try scratch.store().erasedAgain == [march])
        #expect(!scratch.has("keys/2026-03.key"))
        #expect(try scratch.store().erasedAgain == [])
    }

    /// What a killed run has left half written may hold a key.
    @Test func whatAKilledRunLeftGoes() throws {
        let scratch = try Scratch()
        _ = try scratch.store()
        let left = "keys/.2026-03.key.sluice-0123456789abcdef-0.tmp"
        try scratch.write(left, bytes("half a key"))
        _ = try scratch.store()
        #expect(!scratch.has(left))
    }

    @Test func aLossIsRecordedOnceAndOnlyOfAKeyThatIsGone() throws {
        let scratch = try Scratch()
        let store = try scratch.store()
        let key = try #require(aliveKey(try store.key(for: march, creatingIfMissing: true)))
        func lost(_ run: String) -> Tombstone {
            Tombstone(
                keyID: key.id, fingerprint: key.fingerprint, time: noon, run: run,
                method: KeyStore.methodOfLost, reason: Tombstone.agedOut)
        }
        #expect(throws: KeyFault.noKey(month: "2026-03")) { try store.recordLoss(lost("one")) }
        #expect(aliveKey(try store.key(for: march, creatingIfMissing: false)) != nil)
        try FileManager.default.removeItem(atPath: scratch.path + "/keys/2026-03.key")
        #expect(try store.recordLoss(lost("one")) == lost("one"))
        #expect(try store.recordLoss(lost("two")) == lost("one"))
        #expect(isDestroyed(try store.key(for: march, creatingIfMissing: true)))
    }

    @Test func destroyingTwiceKeepsTheFirstRecord() throws {
        let scratch = try Scratch()
        let store = try scratch.store()
        _ = try store.key(for: march, creatingIfMissing: true)
        let first = try store.destroy(march, run: "first", now: noon)
        let second = try store.destroy(
            march, run: "second", now: EventTime(milliseconds: 0), method: "other")
        #expect(first == second)
        #expect(throws: KeyFault.noKey(month: "2026-04")) {
            try store.destroy(april, run: "run", now: noon)
        }
        #expect(throws: KeyFault.unusableText("run")) {
            _ = try store.key(for: april, creatingIfMissing: true)
            try store.destroy(april, run: "two\nlines", now: noon)
        }
        #expect(aliveKey(try store.key(for: april, creatingIfMissing: false)) != nil)
    }

    /// The key file is overwritten before its name goes: a second name shows what is left of it.
    @Test func nothingOfTheKeyStaysInTheFile() throws {
        let scratch = try Scratch()
        let store = try scratch.store()
        _ = try store.key(for: march, creatingIfMissing: true)
        try FileManager.default.linkItem(
            atPath: scratch.path + "/keys/2026-03.key", toPath: scratch.path + "/second")
        try store.destroy(march, run: "run", now: noon)
        #expect(try scratch.read("second").allSatisfy { $0 == 0 })
    }
}

struct KeyRaceTests {
    @Test func threadsThatCreateTheSameKeyGetOne() async throws {
        let scratch = try Scratch()
        let path = scratch.path + "/keys"
        let prints = try await withThrowingTaskGroup(of: [KeyFingerprint].self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let store = try KeyStore.open(
                        path: path, zone: "UTC", creatingIfMissing: true)
                    return try (0..<12).compactMap { month in
                        let month = CalendarMonth(year: 2026, month: month + 1)
                        return aliveKey(try store.key(for: month, creatingIfMissing: true))?
                            .fingerprint
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(prints.count == 8)
        #expect(Set(prints).count == 1)
        #expect(Set(prints[0]).count == 12)
    }

    /// Each child leaves the names of the keys it got; its temporary names differ from ours, so the
    /// clean-up of leftovers runs against files that others are just making.
    @Test func processesThatCreateTheSameKeyGetOne() async throws {
        let scratch = try Scratch()
        let path = scratch.path
        await withTaskGroup(of: Void.self) { group in
            for child in 0..<4 {
                group.addTask {
                    await #expect(processExitsWith: .success) {
                        [path = path as String, child = child as Int] in
                        var names = ""
                        for month in 1...12 {
                            let store = try KeyStore.open(
                                path: path + "/keys", zone: "UTC", creatingIfMissing: true)
                            let month = CalendarMonth(year: 2026, month: month)
                            let key = aliveKey(try store.key(for: month, creatingIfMissing: true))
                            names += "\(key?.fingerprint.text ?? "none")\n"
                        }
                        let output = URL(fileURLWithPath: "\(path)/child-\(child)")
                        try Data(names.utf8).write(to: output)
                    }
                }
            }
        }
        let results = try (0..<4).map { try scratch.read("child-\($0)") }
        #expect(Set(results).count == 1)
        #expect(Set(text(results[0]).split(separator: "\n")).count == 12)
        let left = try FileManager.default.contentsOfDirectory(atPath: path + "/keys")
        #expect(left.count == 13)
    }

    @Test func creationAndDestructionAtOnceLeaveTheMonthDead() async throws {
        let scratch = try Scratch()
        let path = scratch.path + "/keys"
        let store = try KeyStore.open(path: path, zone: "UTC", creatingIfMissing: true)
        for round in 1...20 {
            let month = CalendarMonth(index: 24_000 + round)
            _ = try store.key(for: month, creatingIfMissing: true)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        for _ in 0..<5 {
                            _ = try? store.key(for: month, creatingIfMissing: true)
                        }
                    }
                }
                group.addTask { try store.destroy(month, run: "race", now: noon) }
                try await group.waitForAll()
            }
            #expect(isDestroyed(try store.key(for: month, creatingIfMissing: true)))
            #expect(!scratch.has("keys/\(month.text).key"))
        }
    }
}
