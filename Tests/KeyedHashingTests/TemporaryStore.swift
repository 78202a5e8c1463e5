import FileSystem
import Foundation
import KeyedHashing
import Records

/// A fresh directory for one test, removed when the test lets go of it.
final class Scratch {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/sluice-keys-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ content: [UInt8], mode: Int = 0o600) throws {
        try Data(content).write(to: URL(fileURLWithPath: path + "/" + name))
        try setMode(name, mode)
    }

    func read(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path + "/" + name)))
    }

    func setMode(_ name: String, _ mode: Int) throws {
        try FileManager.default.setAttributes(
            [.posixPermissions: mode], ofItemAtPath: path + "/" + name)
    }

    func mode(_ name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path + "/" + name)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? -1
    }

    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path + "/" + name) }

    func directory() throws -> Directory {
        try Directory.privateDirectory(path, creating: false, closedToReaders: true)
    }

    func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }

    func store(zone: String? = "Europe/Amsterdam") throws -> KeyStore {
        try KeyStore.open(path: path + "/keys", zone: zone, creatingIfMissing: true)
    }
}

let march = CalendarMonth(year: 2026, month: 3)
let april = CalendarMonth(year: 2026, month: 4)
let noon = EventTime(milliseconds: 1_777_777_777_777)

/// The key a store gives, or nil when it gives none.
func aliveKey(_ lookup: KeyLookup) -> EpochKey? {
    if case .alive(let key) = lookup { key } else { nil }
}

func isDestroyed(_ lookup: KeyLookup) -> Bool {
    if case .destroyed = lookup { true } else { false }
}

func isMissing(_ lookup: KeyLookup) -> Bool {
    if case .missing = lookup { true } else { false }
}
