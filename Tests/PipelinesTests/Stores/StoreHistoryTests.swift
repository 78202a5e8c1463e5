import Anonymization
import Foundation
import Pipelines
import TestSupport
import Testing

/// Random histories of a store against a slow twin that ages records one by one.
@Suite struct StoreHistoryTests {
    /// One record, and the day on which its file took it in.
    private struct Line {
        var day: Int
        var number: Int

        /// `2026-01-01` is day 0.
        static func date(_ day: Int) -> String {
            let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            var (rest, month) = (day, 0)
            while rest >= lengths[month] {
                rest -= lengths[month]
                month += 1
            }
            func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
            return "2026-\(two(month + 1))-\(two(rest + 1))"
        }

        /// Due on the day after 30 days have passed.
        func text(on now: Int) -> String {
            let user = now - day > 30 ? "GONE" : "u\(number)"
            let rest = now - day > 30 ? "" : ",\"x\":\(number)"
            let ended = now - day > 60 ? "" : ",\"late\":\(number)"
            return "{\"ts\":\"\(Self.date(day))T12:00:00Z\",\"user\":\"\(user)\"\(ended)\(rest)}\n"
        }
    }

    private let pipeline = """
        name: history
        source: { format: jsonl, time: ts }
        store: { files: "data/*", settle: PT0S, guard: { factor: 1000, at_least: 100000 } }
        identity: { user: user }
        window: P30D
        fields:
          ts: keep
          user: { replace: GONE }
          late: { then: drop, after: P60D }
        state: state

        """

    @Test(arguments: 1...6) func randomHistory(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let folder = try TemporaryPipeline(pipeline)
        var files: [String: [Line]] = [:]
        // The day of the last run that saw the line.
        var agedOn: [Int: Int] = [:]
        var number = 0
        var today = 70
        for step in 0..<14 {
            today += Int.random(in: 0...9, using: &random)
            change(&files, today, &number, &random)
            try write(files, to: folder, agedOn)
            _ = try folder.run(now: Line.date(today))
            for line in files.values.joined() { agedOn[line.number] = today }
            for (name, lines) in files {
                let expected = lines.map { $0.text(on: today) }.joined()
                #expect(
                    try folder.text("data/\(name)") == expected,
                    "seed \(seed) step \(step) file \(name)")
            }
            let again = try folder.run(now: Line.date(today))
            #expect(again.store?.rewrittenFiles == 0, "seed \(seed) step \(step)")
            #expect(again.store?.settledFiles == files.count, "seed \(seed) step \(step)")
        }
    }

    /// Appends, makes, joins, renames and removes files.
    private func change(
        _ files: inout [String: [Line]], _ today: Int, _ number: inout Int,
        _ random: inout SeededGenerator
    ) {
        func fresh() -> [Line] {
            (0..<Int.random(in: 1...5, using: &random)).map { _ in
                number += 1
                return Line(day: today - Int.random(in: 0...65, using: &random), number: number)
            }
        }
        files["\(number).jsonl"] = fresh()
        let names = files.keys.sorted()
        guard let one = names.randomElement(using: &random),
            let other = names.randomElement(using: &random)
        else { return }
        switch Int.random(in: 0..<4, using: &random) {
        case 0: files[one, default: []] += fresh()
        case 1 where one != other:
            files["joined-\(number).jsonl"] = (files[one] ?? []) + fresh() + (files[other] ?? [])
            files[one] = nil
            files[other] = nil
        case 2:
            let lines = files.removeValue(forKey: one)
            files["moved-\(number).jsonl"] = lines
        case 3 where names.count > 4: files[one] = nil
        default: break
        }
    }

    /// Writes the files as an operator would: lines that the store has had stand as the run of that
    /// day left them, new ones as they came.
    private func write(
        _ files: [String: [Line]], to folder: TemporaryPipeline, _ agedOn: [Int: Int]
    ) throws {
        for name in folder.files(below: "data") where files[name] == nil {
            try FileManager.default.removeItem(atPath: "\(folder.folder)/data/\(name)")
        }
        for (name, lines) in files {
            let text = lines.map { $0.text(on: agedOn[$0.number] ?? $0.day) }.joined()
            try folder.write("data/\(name)", text)
        }
    }
}
