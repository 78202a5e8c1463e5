internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// How the parts of a store are called and described.
enum PartName {
    /// `path` with twelve digits in front of its extensions: `out/2026-03-15.jsonl.gz` becomes
    /// `out/2026-03-15.0123456789ab.jsonl.gz`. Eight are those of `digest`, the last four are made
    /// of them and of the name of the stream: pipelines that share a folder tell their files apart.
    static func path(_ path: String, digest: Digest256, stream: String) -> String {
        let first = String(digest.hex.prefix(8))
        return self.path(path, digits: first + mark(first, stream))
    }

    private static func mark(_ digits: String, _ stream: String) -> String {
        String(Digest256.of(Array("\(digits) \(stream)".utf8).span).hex.prefix(4))
    }

    /// True when the file `name` is what some run over `stream` wrote first; one in 65,536 others
    /// looks like it.
    static func isFirst(_ name: String, in stream: String) -> Bool {
        digits(name).map { $0.hasSuffix(mark(String($0.prefix(8)), stream)) } ?? false
    }

    private static func path(_ path: String, digits: String) -> String {
        if path == "-" { return path }
        let split = splitPath(path)
        let parts = split.name.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let rest = parts.count > 1 ? ".\(parts[1])" : ""
        let name = "\(parts[0]).\(digits)\(rest)"
        return split.directory == "." ? name : "\(split.directory)/\(name)"
    }

    /// The path of what is written in the place of `part`. Of its twelve digits the second half is
    /// made of the first and of the part's sources: an older state tells by it whose successor a
    /// file is that it does not know.
    static func path(_ path: String, ofSuccessorOf part: PartRecord, cutOff: Int64) -> String {
        let digest = Digest256.of(Array("\(part.sourceRange.hex) \(cutOff)".utf8).span)
        let first = String(digest.hex.prefix(6))
        return self.path(path, digits: first + proof(first, part))
    }

    private static func proof(_ digits: String, _ part: PartRecord) -> String {
        let words = "\(part.sourceRange.hex) successor \(digits)"
        return String(Digest256.of(Array(words.utf8).span).hex.prefix(6))
    }

    /// True when the file `name` is what some run wrote in the place of `part`, or of what had been
    /// written there.
    static func isSuccessor(_ name: String, of part: PartRecord) -> Bool {
        digits(name).map { $0.hasSuffix(proof(String($0.prefix(6)), part)) } ?? false
    }

    /// The path that `path` was made from.
    static func withoutDigest(_ path: String) -> String {
        PartVersions.commonPath(of: path)
    }

    /// The twelve digits of a file name that is one of these; nil for any other name.
    private static func digits(_ name: String) -> String? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count > 1, parts[1].utf8.count == 12,
            parts[1].allSatisfy({ "0123456789abcdef".contains($0) })
        else { return nil }
        return String(parts[1])
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
        var part = NewPart(
            output: output.name, purpose: output.purpose, source: source,
            sourceRange: sourceRange, path: target.path, content: content,
            records: Int64(target.records), day: output.routing == .day ? newest : nil,
            oldestReadable: oldestReadable(target, clock),
            deleteBy: [deleteBy(output, target, clock), stayedUntil].compactMap { $0 }.min(),
            keyIDs: keyIDs, replaces: replaces)
        part.recipients = output.sharedWith
        return part
    }

    /// The start of the day of the oldest record in which something is still readable; nil: none.
    static func oldestReadable(_ target: FileSink.Target, _ clock: RunClock) -> EventTime? {
        let day = target.oldestReadableDay
        return day == .max ? nil : clock.zone.startOfDay(Int(day))
    }

    /// The start of the day behind the last on which the newest record may stay; one without a time
    /// counts from its arrival, and so does one that claims to be later.
    static func deleteBy(
        _ output: OutputPlan, _ target: FileSink.Target, _ clock: RunClock
    ) -> EventTime? {
        guard let expires = output.expires else { return nil }
        let newest =
            target.newestDay == .min
            ? clock.date : min(clock.date, CivilDate(daysSince1970: Int(target.newestDay)))
        let last = newest.adding(expires)
        return clock.zone.startOfDay(last.daysSince1970 + 1)
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
