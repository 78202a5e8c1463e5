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
    private(set) var faults: [String] = []
    private var places: [HistoryModel.Place: [String: [Substring]]] = [:]

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
        let text = String(decoding: try Self.inflated(bytes), as: UTF8.self)
        let place =
            folder == "archive"
            ? HistoryModel.Place.archive
            : HistoryModel.Place.allCases.first { file.hasPrefix("out/\($0.rawValue)/") }
        guard let place, !file.hasSuffix("terms.json"), !file.hasSuffix(".tmp") else {
            return lookForNames(file, text)
        }
        for line in text.split(separator: "\n") {
            guard let id = Self.member("id", line) else {
                faults.append("\(file): a line without an id")
                continue
            }
            places[place, default: [:]][String(id), default: []].append(line)
        }
    }

    /// Nothing that names somebody may stand in `text`, but lines that nobody could read and that
    /// came less than a window ago.
    private mutating func lookForNames(_ file: String, _ text: String) {
        // A hold on a network names nobody, and stands in the ledger as it is.
        let text = text.replacingOccurrences(of: HistoryHold.network, with: "")
        let isKept = file.hasPrefix("state-p/quarantine/")
        for needle in Self.needles where text.contains(needle) {
            guard isKept, needle == "@firm" else {
                faults.append("\(file) holds \(needle)")
                continue
            }
            for line in text.split(separator: "\n") where line.contains(needle) {
                let isKnown = model.rubbish.keys.contains { line.contains($0) }
                if !isKnown { faults.append("\(file) holds a raw line past its window") }
            }
        }
    }

    static func member(_ name: String, _ line: Substring) -> Substring? {
        guard let start = line.range(of: "\"\(name)\":\"") else { return nil }
        return line[start.upperBound...].prefix { $0 != "\"" }
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
        let months: Int
        switch place {
        case .actions: months = 6
        case .research: months = 3
        case .who, .trail, .archive: return false
        }
        // A time in the future counts from the day it came, which no clock sets back so far.
        let counted = entry.isBadTime ? entry.record.localDay - 60 : entry.record.localDay
        if counted >= latest.cutOff(months: months) { return false }
        // A part of a month goes with its last day.
        if entry.record.localDay + 32 >= clock.cutOff(months: months) || entry.isBadTime {
            return nil
        }
        return model.isAnyHoldBinding(clock) ? nil : true
    }

    private mutating func check(
        _ place: HistoryModel.Place, _ id: String, _ mark: HistoryModel.Mark, _ line: Substring
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
            for name in ["customer", "user"] where Self.member(name, line) != nil {
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
                    for token in lines.compactMap({ Self.member(name, $0) })
                    where token.count == 32 && !token.contains("@") {
                        memory.note(
                            String(token),
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
        if place.hasPrefix("keys-a"), !model.isAnyHoldBinding(clock),
            HistoryDate.deathOfKey(month: month) <= clock
        {
            faults.append("\(place) should be dead")
        }
    }

    // MARK: Figures

    private mutating func checkFigures() throws {
        let table = try Data(contentsOf: URL(fileURLWithPath: "\(world.path)/out/use.csv"))
        var cells: [String: (times: String, users: String)] = [:]
        for row in String(decoding: table, as: UTF8.self).split(separator: "\n").dropFirst() {
            let parts = row.split(separator: ",").map(String.init)
            if parts.count == 3 { cells[parts[0]] = (parts[1], parts[2]) }
        }
        var sure: [String: [String]] = [:]
        var unsure: [String: [String]] = [:]
        for entry in model.entries.values
        where !entry.isBadTime && !model.restricted.contains(entry.record.user) {
            switch entry.counted {
            case .there: sure[entry.record.month, default: []].append(entry.record.user)
            case .maybe, .perhaps: unsure[entry.record.month, default: []].append(entry.record.user)
            case .gone: break
            }
        }
        for month in Set(sure.keys).union(cells.keys).union(unsure.keys)
        where (unsure[month] ?? []).isEmpty {
            let users = sure[month] ?? []
            let persons = Set(users).count
            let expected = persons < 2 ? ("<2", "<2") : ("\(users.count)", "\(persons)")
            let found = cells[month] ?? ("<2", "<2")
            if found != expected {
                faults.append("figures of \(month): \(found), expected \(expected)")
            }
        }
    }
}

/// What was seen on earlier days and must still hold.
struct HistoryMemory {
    var dead: Set<String> = []
    private var tokens: [String: String] = [:]
    private var meanings: [String: String] = [:]
    private var faults: [String] = []

    mutating func note(_ token: String, _ meaning: String, _ place: String) {
        if let known = tokens[meaning], known != token {
            faults.append("\(meaning) has two tokens, one of them for \(place)")
        }
        if let known = meanings[token], known != meaning {
            faults.append("a token stands for \(known) and \(meaning)")
        }
        tokens[meaning] = token
        meanings[token] = meaning
    }

    mutating func takeFaults() -> [String] {
        defer { faults = [] }
        return Array(Set(faults)).sorted()
    }
}
