internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// How the parts of a store are called and described.
enum PartName {
    /// `path` with sixteen digits in front of its extensions: `out/2026-03-15.jsonl.gz` becomes
    /// `out/2026-03-15.0123456789abcdef.jsonl.gz`. Twelve are those of `digest`, the last four are
    /// made of them and of the name of the pipeline: pipelines that share a folder tell their files
    /// apart.
    static func path(_ path: String, digest: Digest256, of pipeline: String) -> String {
        self.path(path, Array(digest.hex.utf8.prefix(12)), of: pipeline)
    }

    /// The path of what a run of `pipeline` writes in the place of `part`. Of the first twelve
    /// digits the second half is made of the part's sources: an older state tells by it whose
    /// successor a file is that it does not know.
    static func path(
        _ path: String, ofSuccessorOf part: PartRecord, cutOff: Int64, of pipeline: String
    ) -> String {
        let digest = Digest256.of(Array("\(part.sourceRange.hex) \(cutOff)".utf8).span)
        return self.path(path, digest.hex.utf8.prefix(6) + proof(part), of: pipeline)
    }

    /// The six digits that the names of all successors of `part` have in common.
    static func proof(_ part: PartRecord) -> [UInt8] {
        let words = "\(part.sourceRange.hex) successor"
        return Array(Digest256.of(Array(words.utf8).span).hex.utf8.prefix(6))
    }

    /// The same six digits in the name of a file that a run of `pipeline` wrote, whatever it wrote
    /// there; nil for any other name but one in 65,536 that looks like one.
    static func proof(in name: String, of pipeline: String) -> [UInt8]? {
        guard let digits = digits(name), digits.count == 16 else { return nil }
        let first = Array(digits.prefix(12))
        guard mark(first, pipeline).elementsEqual(digits.suffix(4)) else { return nil }
        return Array(first.suffix(6))
    }

    private static func mark(_ digits: [UInt8], _ pipeline: String) -> Substring.UTF8View {
        Digest256.of((digits + Array(" \(pipeline)".utf8)).span).hex.prefix(4).utf8
    }

    private static func path(_ path: String, _ digits: [UInt8], of pipeline: String) -> String {
        if path == "-" { return path }
        let all = digits + mark(digits, pipeline)
        let split = splitPath(path)
        let parts = split.name.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let rest = parts.count > 1 ? ".\(parts[1])" : ""
        let name = "\(parts[0]).\(String(decoding: all, as: UTF8.self))\(rest)"
        return split.directory == "." ? name : "\(split.directory)/\(name)"
    }

    /// The path that `path` was made from.
    static func withoutDigest(_ path: String) -> String {
        PartVersions.commonPath(of: path)
    }

    /// The digits of a file name that is one of these; nil for any other name.
    private static func digits(_ name: String) -> [UInt8]? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count > 1, PartVersions.isDigits(parts[1]) else { return nil }
        return Array(parts[1].utf8)
    }

    /// True for a file name that is one of these.
    static func hasDigest(_ name: String) -> Bool { digits(name) != nil }

    /// The ledger's row for a file that was just written. A rewritten part goes no later than the
    /// one it replaces would have gone (`stayedUntil`), also when its records have no readable time
    /// any more.
    static func part(
        _ output: OutputPlan, _ target: FileSink.Target, _ content: ContentIdentity,
        sourceRange: Digest256, source: Int?, clock: RunClock, keyIDs: [KeyID],
        replaces: [Int64] = [], stayedUntil: EventTime? = nil
    ) -> NewPart {
        let newest = target.newestDay == .min ? nil : Int(target.newestDay)
        let counted = countedDay(target, clock)
        var part = NewPart(
            output: output.name, purpose: output.purpose, source: source,
            sourceRange: sourceRange, path: target.path, content: content,
            records: Int64(target.records), day: output.routing == .day ? newest : nil,
            oldestReadable: oldestReadable(target, clock),
            deleteBy: [deleteBy(output, newestDay: counted, clock), stayedUntil]
                .compactMap { $0 }.min(),
            keyIDs: keyIDs, replaces: replaces)
        part.newestDay = counted
        part.recipients = output.sharedWith
        return part
    }

    /// The start of the day of the oldest record in which something is still readable; nil: none.
    static func oldestReadable(_ target: FileSink.Target, _ clock: RunClock) -> EventTime? {
        let day = target.oldestReadableDay
        return day == .max ? nil : clock.zone.startOfDay(Int(day))
    }

    /// The start of the day behind the last on which the newest record may stay.
    static func deleteBy(
        _ output: OutputPlan, _ target: FileSink.Target, _ clock: RunClock
    ) -> EventTime? {
        deleteBy(output, newestDay: countedDay(target, clock), clock)
    }

    /// The day of the newest record; one without a time counts from its arrival, and so does one
    /// that claims to be later.
    private static func countedDay(_ target: FileSink.Target, _ clock: RunClock) -> Int {
        let today = clock.date.daysSince1970
        return target.newestDay == .min ? today : min(today, Int(target.newestDay))
    }

    fileprivate static func deleteBy(
        _ output: OutputPlan, newestDay: Int, _ clock: RunClock
    ) -> EventTime? {
        guard let expires = output.expires else { return nil }
        let last = CivilDate(daysSince1970: newestDay).adding(expires)
        return clock.zone.startOfDay(last.daysSince1970 + 1)
    }
}

extension Plan {
    /// When `part` has to be gone: by the date that it was written under, or by that which
    /// `expires` says now, whichever is earlier. A shorter time binds what is stored at once; a
    /// longer one does not take back what was promised about it.
    func deleteBy(_ part: PartRecord) -> EventTime? {
        let output = outputs.first { $0.name.utf8.elementsEqual(part.output.utf8) }
        guard let output else { return part.deleteBy }
        let now = PartName.deleteBy(
            output, newestDay: newestDay(part), release.clocks.runClock)
        return [part.deleteBy, now].compactMap { $0 }.min()
    }

    /// The day of the newest event of `part`; where nobody noted it, the last that it can be.
    func newestDay(_ part: PartRecord) -> Int {
        part.newestDay ?? RunClock(now: part.writtenAt, zone: release.zone).date.daysSince1970
    }

    /// The day of the newest event of a part of output `index` of which nobody noted it, by what
    /// lies in its file; nil where that cannot tell.
    func readNewestDay(_ part: PartRecord, output index: Int) -> Int? {
        do throws(PipelineFailure) {
            let reading = PartReading(try proving(index, part).plan)
            try reading.read(part.path)
            guard reading.unreadable == 0 else { return nil }
            return min(reading.newest ?? .max, newestDay(part))
        } catch { return nil }
    }
}

extension Directory {
    /// The content identity of a file that is durable under its temporary name.
    func digest(of prepared: PreparedFile) throws(PipelineFailure) -> ContentIdentity {
        do {
            let bytes = try content(of: prepared.temporaryName, limitBytes: prepared.byteCount + 1)
            return ContentIdentity(
                digest: Digest256.of(bytes.span), byteCount: prepared.byteCount)
        } catch {
            throw .storage("cannot read \(path(of: prepared.temporaryName)): \(error)")
        }
    }
}
