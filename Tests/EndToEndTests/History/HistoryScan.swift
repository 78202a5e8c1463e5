import Compression
import Foundation
import Records
import TestSupport

/// A look at all bytes of a world that takes nobody's word for anything.
struct HistoryScan {
    let world: HistoryWorld
    let model: HistoryModel
    let clock: HistoryDate
    /// The latest clock of any run: what was deleted then stays deleted.
    let latest: HistoryDate
    var faults: [String] = []
    private var places: [HistoryModel.Place: [String: [HistoryText]]] = [:]
    /// What lies in the folder of publications, by path.
    private var published: [String: [UInt8]] = [:]

    /// What identifies somebody, wherever it stands.
    static let needles = ["@firm", "198.51.100.", "Mozilla/5.0", "NL-10"]

    init(_ world: HistoryWorld, _ model: HistoryModel, _ clock: HistoryDate, latest: HistoryDate) {
        self.world = world
        self.model = model
        self.clock = clock
        self.latest = latest
    }

    mutating func run(_ memory: inout HistoryMemory) throws {
        for (file, bytes) in try Self.contents(world.path) { try look(file, bytes) }
        for place in HistoryModel.Place.allCases { check(place) }
        checkTokens(&memory)
        try checkKeys(&memory)
        faults += memory.compare(published)
        try checkFigures()
    }

    // MARK: Bytes

    /// The bytes of all files below `folder`, by path; hidden and temporary ones too.
    static func contents(_ folder: String) throws -> [(String, [UInt8])] {
        let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String }
        return try (names ?? []).sorted().compactMap { name in
            let whole = "\(folder)/\(name)"
            var isFolder: ObjCBool = false
            _ = unsafe FileManager.default.fileExists(atPath: whole, isDirectory: &isFolder)
            if isFolder.boolValue { return nil }
            return (name, Array(try Data(contentsOf: URL(fileURLWithPath: whole))))
        }
    }

    static func inflated(_ bytes: [UInt8]) throws -> [UInt8] {
        guard GzipInflater.isGzip(bytes.span) else { return bytes }
        let inflater = try GzipInflater.make()
        var plain = ByteBuffer()
        _ = try inflater.inflate(bytes.span, into: &plain, upTo: 1 << 24)
        try inflater.finish()
        return plain.array()
    }

    private mutating func look(_ file: String, _ bytes: [UInt8]) throws {
        // The operator's own: sources, pipelines and lists.
        let folder = file.split(separator: "/").first.map(String.init) ?? ""
        if folder == "in" || !file.contains("/") { return }
        if folder.hasPrefix("state-w") || folder == "keys-w" { checkSeal(file, bytes) }
        if file.hasPrefix("out/published/") { published[file] = bytes }
        let text = HistoryText(try Self.inflated(bytes))
        let place =
            folder == "archive"
            ? HistoryModel.Place.archive
            : HistoryModel.Place.allCases.first { file.hasPrefix("out/\($0.rawValue)/") }
        guard let place, !file.hasSuffix("terms.json"), !file.hasSuffix(".tmp") else {
            return lookForNames(file, text)
        }
        for line in text.lines {
            guard let id = line.member("id") else {
                faults.append("\(file): a line without an id")
                continue
            }
            places[place, default: [:]][id, default: []].append(line)
        }
    }

    /// Nothing that names somebody may stand in `text`, but lines that nobody could read and that
    /// came less than a window ago.
    private mutating func lookForNames(_ file: String, _ text: HistoryText) {
        let isKept = file.hasPrefix("state-p/quarantine/")
        for needle in Self.needles where text.contains(needle) {
            // A hold on a network names nobody, and stands in the ledger as it is.
            let isNetwork = HistoryHold.network.hasPrefix(needle)
            if isNetwork, text.count(needle) == text.count(HistoryHold.network) { continue }
            guard isKept, needle == "@firm" else {
                faults.append("\(file) holds \(needle)")
                continue
            }
            for line in text.lines where line.contains(needle) {
                let isKnown = model.rubbish.keys.contains { line.contains($0) }
                if !isKnown { faults.append("\(file) holds a raw line past its window") }
            }
        }
    }

    /// The keys of the third pipeline are of no use without the key-encryption key.
    private mutating func checkSeal(_ file: String, _ bytes: [UInt8]) {
        // Version 2 is the sealed form.
        if file.hasSuffix(".key"), bytes.count < 10 || bytes[9] != 2 {
            faults.append("\(file) is not sealed")
        }
    }

    // MARK: Records

    private mutating func check(_ place: HistoryModel.Place) {
        let found = places[place] ?? [:]
        for (id, lines) in found {
            guard let entry = model.entries[id], let mark = entry.marks[place] else {
                faults.append("\(place): \(id) should never have come there")
                continue
            }
            if mark.presence == .gone { faults.append("\(place): \(id) should be gone") }
            if place != .archive, lines.count > 1 {
                faults.append("\(place): \(id) is there twice")
            }
            for line in lines { check(place, id, mark, line) }
            if isExpired(entry, place) == true {
                faults.append("\(place): \(id) is past its date")
            }
        }
        for (id, entry) in model.entries where found[id] == nil {
            guard entry.marks[place]?.presence == .there else { continue }
            if isExpired(entry, place) == false { faults.append("\(place): \(id) is lost") }
        }
    }

    /// Nil when it may be either way.
    private func isExpired(_ entry: HistoryModel.Entry, _ place: HistoryModel.Place) -> Bool? {
        guard let last = place.expiry(HistoryDate(day: entry.record.localDay)) else {
            return false
        }
        // A time in the future counts from the day it came, which no clock sets back so far.
        if (entry.isBadTime ? last.adding(-60) : last) >= latest { return false }
        if last >= clock || entry.isBadTime { return nil }
        return model.isAnyHoldBinding(clock) ? nil : true
    }

    private mutating func check(
        _ place: HistoryModel.Place, _ id: String, _ mark: HistoryModel.Mark, _ line: HistoryText
    ) {
        let names = place == .who ? Array(Self.needles.dropFirst()) : Self.needles
        let readable = names.count { line.contains($0) }
        if let isAged = mark.isAged {
            let expected = isAged ? 0 : names.count
            if readable != expected {
                faults.append("\(place): \(id) shows \(readable) names, expected \(expected)")
            }
        }
        if place == .who, let isAged = mark.isNameAged, line.contains("@firm") == isAged {
            faults.append("who: the name in \(id) is \(isAged ? "still" : "not") readable")
        }
        if mark.isCorrected, !line.contains(HistoryWorld.correction) {
            faults.append("\(place): \(id) is not corrected")
        }
        if mark.hasTokens == false, mark.isAged == true, place != .who {
            for name in ["customer", "user"] where line.member(name) != nil {
                faults.append("\(place): \(id) has a token of a dead key")
            }
        }
    }

    // MARK: Tokens and keys

    /// Equal values of a month have one token, for ever; no token stands for two things.
    private func checkTokens(_ memory: inout HistoryMemory) {
        for (place, lines) in places where place != .who {
            for (id, lines) in lines {
                guard let entry = model.entries[id] else { continue }
                for (name, value) in [
                    ("customer", entry.record.customer), ("user", entry.record.user),
                ] {
                    for token in lines.compactMap({ $0.member(name) })
                    where token.utf8.count == 32 && !token.contains("@") {
                        memory.note(
                            token,
                            "\(place.keyFolder) \(entry.record.month) \(name) \(value)",
                            "\(id) in \(place)")
                    }
                }
            }
        }
    }

    private mutating func checkKeys(_ memory: inout HistoryMemory) throws {
        faults += memory.takeFaults()
        for folder in HistoryWorld.keyFolders {
            for name in try world.keyFiles(folder).sorted() {
                let month = String(name.prefix(7))
                let place = "\(folder)/\(month)"
                if name.hasSuffix(".destroyed") {
                    memory.dead.insert(place)
                    if latest < HistoryDate.deathOfKey(month: month) {
                        faults.append("\(place) was destroyed too early")
                    }
                } else if name.hasSuffix(".key") {
                    checkLiving(place, month, memory)
                }
            }
        }
        for place in memory.dead where !world.isThere("\(place).destroyed") {
            faults.append("\(place): its destruction is not on record any more")
        }
    }

    private mutating func checkLiving(_ place: String, _ month: String, _ memory: HistoryMemory) {
        if memory.dead.contains(place) { faults.append("\(place) has come back to life") }
        guard !model.isAnyHoldBinding(clock), HistoryDate.deathOfKey(month: month) <= clock else {
            return
        }
        // In the first pipeline keys wait for the publication.
        let isNeeded = place.hasPrefix("keys-p") && !model.published.contains(month)
        if !isNeeded, !place.hasPrefix("keys-w") { faults.append("\(place) should be dead") }
    }
}
