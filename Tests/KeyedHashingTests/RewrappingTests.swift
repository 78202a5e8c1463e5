import FileSystem
import Records
import TestSupport
import Testing

@testable import KeyedHashing

/// Sealing what is there already, whole and interrupted.
struct RewrappingTests {
    private func wrapping(_ byte: UInt8) throws -> WrappingKey {
        try WrappingKey(try SecretKey.copying([UInt8](repeating: byte, count: 32).span))
    }

    private func open(_ scratch: Scratch, _ wrapping: WrappingKey?) throws -> KeyStore {
        try KeyStore.open(
            path: "\(scratch.path)/keys", zone: "UTC", creatingIfMissing: true,
            wrapping: wrapping)
    }

    private func names(_ store: KeyStore) throws -> [String] {
        try store.epochs().map { "\($0.keyID.text) \($0.fingerprint.text)" }
    }

    /// A store with two living keys and a destroyed one, and a state with a registry.
    private func filled() throws -> (Scratch, String, [String], KeyFingerprint) {
        let scratch = try Scratch()
        let store = try open(scratch, nil)
        for month in [march, april] { _ = try store.key(for: month, creatingIfMissing: true) }
        let may = CalendarMonth(year: 2026, month: 5)
        _ = try store.key(for: may, creatingIfMissing: true)
        try store.destroy(may, run: "run", now: noon)
        let state = "\(scratch.path)/state"
        let folder = try Directory.open(state, creating: true, mode: 0o700)
        let registry = try #require(
            try RegistryKey.hasher(in: folder, creatingIfMissing: true))
        try store.register(statePath: state)
        return (scratch, state, try names(store), registry.fingerprint)
    }

    @Test func plainSealedByAnotherAndPlainAgain() throws {
        let (scratch, state, before, registry) = try filled()
        let folder = try Directory.open(state)
        let steps: [(from: UInt8?, to: UInt8?)] = [(nil, 1), (1, 2), (2, 2), (2, nil)]
        for (from, to) in steps {
            let old = try from.map(wrapping)
            let new = try to.map(wrapping)
            var work = KeyRewrapping(from: old, to: new)
            let outcome = try work.run(storeAt: "\(scratch.path)/keys", states: [])
            #expect(outcome.keys == (from == to ? 0 : 2) && outcome.registries == 1)
            #expect(try names(open(scratch, new)) == before)
            let found = try RegistryKey.hasher(
                in: folder, creatingIfMissing: false, wrapping: new)
            #expect(found?.fingerprint == registry)
            if from != to { #expect(throws: KeyFault.self) { try open(scratch, old) } }
            #expect(!scratch.has("keys/store.next"))
        }
    }

    @Test func theWrongKeyChangesNothing() throws {
        let (scratch, _, before, _) = try filled()
        for old in [1, 2] as [UInt8] {
            var work = KeyRewrapping(from: try wrapping(old), to: try wrapping(3))
            #expect(throws: KeyFault.self) {
                try work.run(storeAt: "\(scratch.path)/keys", states: [])
            }
            #expect(try names(open(scratch, nil)) == before)
        }
        var work = KeyRewrapping(from: nil, to: try wrapping(1))
        #expect(throws: KeyFault.self) {
            try work.run(storeAt: "\(scratch.path)/keys", states: ["\(scratch.path)/gone"])
        }
        #expect(try names(open(scratch, nil)) == before)
    }

    @Test func aStoreThatIsMissingOrOpenToOthersIsRefused() throws {
        let (scratch, state, _, _) = try filled()
        func refuses(_ store: String) {
            #expect(throws: KeyFault.self) { () throws in
                var work = KeyRewrapping(from: nil, to: try wrapping(1))
                _ = try work.run(storeAt: "\(scratch.path)/\(store)", states: [])
            }
            #expect(throws: KeyFault.self) {
                try KeyRewrapping.registeredStates(ofStoreAt: "\(scratch.path)/\(store)")
            }
        }
        refuses("none")
        #expect(!scratch.has("none"))
        try scratch.setMode("keys", 0o750)
        refuses("keys")
        try scratch.setMode("keys", 0o700)
        #expect(
            try KeyRewrapping.registeredStates(ofStoreAt: "\(scratch.path)/keys") == [state])
    }

    @Test func oneThatFailsOnTheWayKeepsEverybodyElseOff() throws {
        let (scratch, _, before, _) = try filled()
        let key = try scratch.read("keys/2026-04.key")
        try scratch.write("keys/2026-04.key", key.map { ~$0 })
        func run() throws -> KeyRewrapping.Outcome {
            var work = KeyRewrapping(from: nil, to: try wrapping(1))
            return try work.run(storeAt: "\(scratch.path)/keys", states: [])
        }
        #expect(throws: KeyFault.self) { try run() }
        #expect(throws: KeyFault.rewrapping(path: "\(scratch.path)/keys")) {
            try open(scratch, nil)
        }
        try scratch.write("keys/2026-04.key", key)
        #expect(try run().keys == 2)
        #expect(try names(open(scratch, wrapping(1))) == before)
    }

    /// As if a destruction had been killed behind its record; and a state without a registry.
    @Test func whatWasToBeDestroyedIsNotSealed() throws {
        let (scratch, state, before, _) = try filled()
        try scratch.write("keys/2026-05.key", try scratch.read("keys/2026-04.key"))
        _ = try Directory.open("\(scratch.path)/other", creating: true, mode: 0o700)
        var work = KeyRewrapping(from: nil, to: try wrapping(1))
        let outcome = try work.run(
            storeAt: "\(scratch.path)/keys", states: [state, "\(scratch.path)/other"])
        #expect(outcome.keys == 2 && outcome.registries == 1)
        #expect(!scratch.has("keys/2026-05.key"))
        #expect(try names(open(scratch, wrapping(1))) == before)
    }

    @Test func theBlocksOfWhatIsReplacedAreOverwritten() throws {
        let (scratch, state, _, _) = try filled()
        let key = try Directory.open("\(scratch.path)/keys").reading("2026-03.key")
        let registry = try Directory.open(state).reading("registry.key")
        var work = KeyRewrapping(from: nil, to: try wrapping(1))
        _ = try work.run(storeAt: "\(scratch.path)/keys", states: [])
        let old = [
            try key.readAll(limitBytes: 1 << 12), try registry.readAll(limitBytes: 1 << 12),
        ]
        #expect(old.allSatisfy { !$0.isEmpty && $0.allSatisfy { $0 == 0 } })
    }

    @Test func aFolderInThePlaceOfAFormerKeyIsLeftAlone() throws {
        let (scratch, state, _, _) = try filled()
        let folder = try Directory.open(state)
        _ = try Directory.open("\(state)/registry.key.former", creating: true, mode: 0o700)
        #expect(try KeyRewrapping.endRegistry(in: folder) == nil)
        #expect(scratch.has("state/registry.key.former"))
    }

    /// As if killed before the blocks of a replaced file were overwritten, and before it was
    /// replaced.
    @Test func whatWasReplacedIsOverwrittenByTheNextCall() throws {
        let (scratch, state, before, _) = try filled()
        let key = try wrapping(1)
        let file = "keys/2026-03.key"
        let plain = try scratch.read(file)
        let declared = try scratch.read("keys/store")
        var work = KeyRewrapping(from: nil, to: key)
        _ = try work.run(storeAt: "\(scratch.path)/keys", states: [state])
        try scratch.write("keys/store.next", try scratch.read("keys/store"))
        try scratch.write("keys/store", declared)
        try scratch.write("\(file).former", plain)
        let folder = try Directory.open("\(scratch.path)/keys")
        let old = try folder.reading("2026-03.key.former")
        try folder.link("2026-04.key", to: "2026-04.key.former")
        var again = KeyRewrapping(from: nil, to: key)
        _ = try again.run(storeAt: "\(scratch.path)/keys", states: [state])
        #expect(try old.readAll(limitBytes: 1 << 12).allSatisfy { $0 == 0 })
        #expect(!scratch.has("\(file).former") && !scratch.has("keys/2026-04.key.former"))
        #expect(try names(open(scratch, key)) == before)
    }

    /// As if killed while it wrote keys in the clear: no other command removes such a file, but who
    /// overwrites it.
    @Test func whatWasNotReplacedYetIsOverwrittenByTheNextCall() throws {
        let (scratch, state, before, registry) = try filled()
        let rest = "sluice-6b65792d7365616c-0123456789abcdef-0.tmp"
        let left = ["keys/.2026-03.key.\(rest)", "state/.registry.key.\(rest)"]
        for name in left { try scratch.write(name, bytes("a key")) }
        let key = try Directory.open("\(scratch.path)/keys").reading(".2026-03.key.\(rest)")
        let registryKey = try Directory.open(state).reading(".registry.key.\(rest)")
        _ = try open(scratch, nil)
        #expect(left.allSatisfy(scratch.has))
        let declaration = "keys/.store.next.sluice-0123456789abcdef-0.tmp"
        try scratch.write(declaration, bytes("a declaration"))
        var work = KeyRewrapping(from: nil, to: try wrapping(1))
        _ = try work.run(storeAt: "\(scratch.path)/keys", states: [state])
        #expect(!(left + [declaration]).contains(where: scratch.has))
        let zeros = [UInt8](repeating: 0, count: 5)
        #expect(try key.readAll(limitBytes: 64) == zeros)
        #expect(try registryKey.readAll(limitBytes: 64) == zeros)
        #expect(try names(open(scratch, wrapping(1))) == before)
        let found = try RegistryKey.hasher(
            in: try Directory.open(state), creatingIfMissing: false, wrapping: wrapping(1))
        #expect(found?.fingerprint == registry)
    }

    /// As if killed after each of its steps: nobody else uses the store, and the same call ends it.
    @Test(arguments: 0..<5) func anInterruptedOneIsEndedByTheSameCall(_ step: Int) throws {
        let (scratch, state, before, registry) = try filled()
        let key = try wrapping(1)
        let files = ["keys/2026-03.key", "keys/2026-04.key", "state/registry.key", "keys/store"]
        let old = try files.map { try scratch.read($0) }
        var work = KeyRewrapping(from: nil, to: key)
        _ = try work.run(storeAt: "\(scratch.path)/keys", states: [state])
        let declared = try scratch.read("keys/store")
        try scratch.write("keys/store.next", declared)
        for (name, content) in zip(files, old).dropFirst(step) { try scratch.write(name, content) }
        #expect(throws: KeyFault.rewrapping(path: "\(scratch.path)/keys")) {
            try open(scratch, nil)
        }
        #expect(throws: KeyFault.rewrapping(path: "\(scratch.path)/keys")) {
            try KeyStore.inspect(path: "\(scratch.path)/keys")
        }
        for other in [nil, try wrapping(2)] {
            var wrong = KeyRewrapping(from: nil, to: other)
            #expect(throws: KeyFault.self) {
                try wrong.run(storeAt: "\(scratch.path)/keys", states: [state])
            }
        }
        var again = KeyRewrapping(from: nil, to: key)
        _ = try again.run(storeAt: "\(scratch.path)/keys", states: [state])
        #expect(try names(open(scratch, key)) == before)
        let found = try RegistryKey.hasher(
            in: try Directory.open(state), creatingIfMissing: false, wrapping: key)
        #expect(found?.fingerprint == registry)
    }
}
