import Compression
import FileSystem
import Foundation
import Glibc
import Records
import TestSupport
import Testing

/// A folder with marks in everything that commands read, and all that was written since: files,
/// files without a name, messages.
final class CanaryHouse {
    let scene: Scene
    var field: CanaryField
    let seed: UInt64
    /// Where marks of a kind may be found, beside nowhere.
    var allowances: [CanaryAllowance] = [.sourceNames]
    /// The operator's own: sources, lists and pipeline files.
    private static let given = ["in/", "lists/"]
    private var messages: [(command: String, bytes: [UInt8])] = []
    /// Ends the names of places that are no files that lie there.
    static let writtenMark = ", as it was written"

    init(seed: UInt64) throws {
        self.seed = seed
        scene = try Scene(inMemory: true)
        field = CanaryField(seed: seed)
        try Data().write(to: URL(fileURLWithPath: copies))
    }

    // MARK: Commands

    /// A file beside the scene that gets a copy of every byte that a command writes anywhere.
    private var copies: String { "\(scene.path)/../copies" }

    /// Settings that make a command copy what it writes.
    var copying: [String] { ["LD_PRELOAD=\(Fault.interposer)", "FAULT_COPIES=\(copies)"] }

    /// Runs a command and keeps what it said. `through` are settings of the environment or a
    /// command that starts it.
    @discardableResult
    func run(
        _ command: [String], through: [String] = [], feed: Feed = .bytes([]),
        drain: Drain = .captured, copies: Bool = true,
        disturb: (SluiceProcess) -> Void = { _ in }
    ) throws -> Outcome {
        let process = try SluiceProcess(
            command, in: scene.path, through: (copies ? copying : []) + through, feed: feed,
            drain: drain)
        disturb(process)
        let outcome = try process.finish(within: 60)
        let said = command.filter { !$0.contains("firma") }.joined(separator: " ")
        messages.append(("messages of \(said)", bytes(outcome.errors)))
        messages.append(("output of \(said)", outcome.output))
        return outcome
    }

    // MARK: The search

    /// The marks that are found where they may not be, in words.
    func leaks() throws -> [String] {
        let search = CanarySearch(field.marks)
        var leaks: Set<String> = []
        for (place, content) in try places() {
            for (mark, form) in search.marks(in: content)
            where !allowances.contains(where: { $0.allows(mark.kind, place) }) {
                leaks.insert("\(mark.place) in \(place), \(form)")
            }
        }
        return leaks.sorted()
    }

    /// Records every leak as an issue of the test.
    func sweep(_ when: String, _ location: SourceLocation = #_sourceLocation) throws {
        let leaks = try leaks()
        #expect(
            leaks.isEmpty, "\(when), seed \(seed):\n\(leaks.prefix(20).joined(separator: "\n"))",
            sourceLocation: location)
    }

    /// Everything that was written, by a name for it: files as they lie there, files as they were
    /// written, names of files, and what was said.
    private func places() throws -> [(String, [UInt8])] {
        var places = messages
        for (name, content) in try scene.tree() where !Self.isGiven(name) {
            places.append((name, content))
            places.append(("the name of \(name)", bytes(name)))
        }
        // A file without a name is copied, too.
        places += try written().map { ($0.key + Self.writtenMark, $0.value) }
        for (name, content) in places where GzipInflater.isGzip(content.span) {
            places.append(("\(name), inflated", try inflated(content)))
        }
        return places
    }

    private static func isGiven(_ name: String) -> Bool {
        given.contains(where: name.hasPrefix) || !name.contains("/") && name.hasSuffix(".yaml")
    }

    /// What was written by the names of the places, in the order in which it was written.
    private func written() throws -> [String: [UInt8]] {
        let all = Array(try Data(contentsOf: URL(fileURLWithPath: copies)))
        var written: [String: [UInt8]] = [:]
        var at = 0
        func number() -> Int {
            defer { at += 4 }
            return all[at..<(at + 4)].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        // A kill may have cut off the last one.
        while at + 8 <= all.count {
            let (nameLength, length) = (number(), number())
            guard at + nameLength + length <= all.count else { break }
            var name = text(Array(all[at..<(at + nameLength)]))
            if let below = name.range(of: "/scene/") { name = String(name[below.upperBound...]) }
            at += nameLength
            written[name, default: []] += all[at..<(at + length)]
            at += length
        }
        // What was said is looked at as such.
        return written.filter { name, _ in
            !Self.isGiven(name) && ![".out", ".err"].contains(where: name.hasSuffix)
        }
    }

    /// What can be inflated of `content`; a file that was not finished ends where it ends.
    private func inflated(_ content: [UInt8]) throws -> [UInt8] {
        let inflater = try GzipInflater.make()
        var plain = ByteBuffer()
        var taken = 0
        while taken < content.count {
            let rest = content[taken...]
            let step = try? inflater.inflate(Array(rest).span, into: &plain, upTo: 1 << 20)
            guard let step, step.consumed + step.produced > 0 else { break }
            taken += step.consumed
        }
        return plain.array()
    }
}

/// Where marks of a kind may be found.
struct CanaryAllowance {
    /// Whether what lies there is allowed, or what was once written there.
    enum Form { case lying, written, both }

    let kind: CanaryMark.Kind
    /// How the names of the places begin.
    let places: [String]
    var form = Form.both

    func allows(_ kind: CanaryMark.Kind, _ place: String) -> Bool {
        let isWritten = place.contains(CanaryHouse.writtenMark)
        guard form == .both || (form == .written) == isWritten else { return false }
        let isNamed = place.hasPrefix("the name of ")
        let bare = isNamed ? String(place.dropFirst(12)) : place
        return kind == self.kind && places.contains(where: bare.hasPrefix)
    }

    /// What the operator calls a file stands in messages, in the ledger and in plans of runs.
    static let sourceNames = CanaryAllowance(
        kind: .sourceName, places: ["messages", "output of", "state/", "work/", "pipe:", "/dev/"])
}
