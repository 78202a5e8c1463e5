import FileSystem
import Foundation
import Glibc
import TestSupport
import Testing

/// Marks in a store that is aged in place, in a disclosure and in what transforms with keys of
/// their own see: runs, publications, erasures, tasks and commits are killed and crash, and are
/// done again.
@Suite("a sweep for planted identifiers in stores and disclosures")
struct CanaryStoreTests {
    private static let seed: UInt64 = 0xca7c
    private static let who = ["--role", "controller", "--identity-check", "T-1", "--by", "dpo"]
    private static let signals = [SIGKILL, SIGABRT, SIGSEGV, SIGILL]

    private func house(_ pipeline: String) throws -> CanaryHouse {
        let house = try CanaryHouse(seed: Self.seed)
        let scene = house.scene
        try scene.write("p.yaml", pipeline)
        try scene.write("static.key", String(repeating: "5e", count: 32))
        try scene.write("address.key", "00112233445566778899aabbccddeeff")
        try scene.write("run.key", String(repeating: "c0ffee11", count: 8))
        let bad: [UInt8] = house.field.badLines().flatMap { $0 + [0x0a] }
        try scene.write("in/bad.jsonl", bad)
        return house
    }

    private func write(_ lines: [String], _ name: String, _ house: CanaryHouse) throws {
        try house.scene.write(name, lines.joined(separator: "\n") + "\n")
    }

    /// Crashes a command three times, at calls that write, spread over the first `calls`. What it
    /// wrote until then is in what is swept later.
    private func crash(
        _ command: [String], line: String = "", calls: Int, _ house: CanaryHouse,
        _ random: inout SeededGenerator
    ) throws {
        let report = "\(house.scene.path)/../report"
        let core = ["/bin/sh", "-c", #"ulimit -c unlimited; exec "$0" "$@""#]
        for third in 0..<3 {
            try Data(count: 64).write(to: URL(fileURLWithPath: report))
            let signal = Self.signals.randomElement(using: &random) ?? SIGKILL
            let number = 1 + calls * third / 3 + Int.random(in: 0..<(calls / 3), using: &random)
            let fault = Fault(side: .write, kind: .signal(signal), number: number)
            let outcome = try house.run(
                command, through: fault.settings(report: report) + core,
                feed: .bytes(bytes(line + "\n")))
            #expect(outcome.status == 128 + signal, "\(command) \(fault): \(outcome.errors)")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: house.scene.path)
        #expect(!names.contains { $0.hasPrefix("core") })
    }

    /// Runs a command to its end.
    private func finish(_ command: [String], line: String = "", _ house: CanaryHouse) throws {
        let outcome = try house.run(command, feed: .bytes(bytes(line + "\n")))
        #expect(outcome.status == 0, "\(command): \(outcome.errors)")
    }

    @Test func aStore() throws {
        var random = SeededGenerator(seed: Self.seed)
        let house = try house(CanaryPipeline.stored)
        try house.scene.write(
            "lists/opt-outs.csv",
            "customer,person,purposes,effective_date\n"
                + "\(house.field.word("opted out")),,*,2026-03-01\n"
                + ",\(house.field.word("person opted out"))@firma.example,*,2026-03-01\n")
        let old = house.field.goodLines(["2026-01-02", "2026-02-03", "2026-03-14"])
        let new = house.field.goodLines(["2026-03-15", "2026-04-02"], .inWindow)
        try write(old + new, "data/a.jsonl", house)
        let packed = house.field.goodLines(["2026-01-04", "2026-03-01"]).map(bytes)
            + house.field.badLines()
        let lines: [UInt8] = packed.flatMap { $0 + [0x0a] }
        try house.scene.write("data/b.jsonl.gz", house.field.namedGzip(lines))
        let others = house.field.goodLines(["2026-04-03"], .inWindow)
        let subject = house.field.record("2026-04-04T10:00:00Z", "subject", .subject)
        let user = try #require(house.field.users.last)
        try write(others + [subject], "data/c.jsonl", house)
        try write(
            house.field.goodLines(["2026-01-05", "2026-03-06", "2026-04-07"]) + [subject],
            "in/a.jsonl", house)

        // Nobody writes a file of the store anew in which nothing is due.
        house.allowances += [
            CanaryAllowance(kind: .inWindow, places: ["data/"]),
            CanaryAllowance(kind: .subject, places: ["data/"], form: .lying),
        ]
        let run = ["run", "p.yaml", "--now", "2026-04-15", "--workers", "2"]
        try crash(run, calls: 600, house, &random)
        try finish(run, house)
        try house.sweep("a run")
        let erase = ["subject", "erase", "p.yaml", "--user", "-", "--now", "2026-04-15"] + Self.who
        try crash(erase, line: user, calls: 300, house, &random)
        house.allowances.removeLast()
        try finish(erase, line: user, house)
        try house.sweep("an erasure")
        #expect(try house.scene.read("data/c.jsonl").count > 0)
        let later = ["--now", "2026-05-20"]
        // By then all are due.
        house.allowances.removeLast()
        house.allowances.append(
            CanaryAllowance(kind: .inWindow, places: ["data/"], form: .written))
        try finish(["run", "p.yaml"] + later, house)
        try crash(["publish", "p.yaml"] + later, calls: 450, house, &random)
        try finish(["publish", "p.yaml"] + later, house)
        try house.sweep("a publication")
        #expect(house.scene.exists("out/published/2026-03"))
    }

    /// A house whose March is told to two partners; the name of one user of each kind is of a
    /// person who is to be erased.
    private func disclosingHouse() throws -> (house: CanaryHouse, subject: String) {
        let house = try house(CanaryPipeline.disclosed)
        let old = house.field.goodLines(["2026-01-02", "2026-02-03"])
        let told = ["P-1", "P-2"].flatMap { partner in
            (10...14).map { day in
                house.field.record(
                    "2026-03-\(day)T10:00:00Z", "told to \(partner) of \(day)", user: .disclosed,
                    extra: ",\"partner\":\"\(partner)\"")
            }
        }
        let subject = house.field.record(
            "2026-03-20T10:00:00Z", "subject", user: .subject, extra: ",\"partner\":\"P-1\"")
        let user = try #require(house.field.users.last)
        let untold = ["05", "21"].map { day in
            house.field.record("2026-03-\(day)T10:00:00Z", "untold of \(day)", user: .counted)
        }
        try write(old + told + [subject] + untold, "in/a.jsonl", house)
        house.allowances.append(CanaryAllowance(kind: .disclosed, places: ["partners/"]))
        return (house, user)
    }

    @Test func aDisclosure() throws {
        var random = SeededGenerator(seed: Self.seed &+ 1)
        let (house, user) = try disclosingHouse()
        let told = CanaryAllowance(kind: .subject, places: ["partners/"])
        house.allowances.append(told)
        let run = ["run", "p.yaml", "--now", "2026-04-01", "--workers", "2"]
        try crash(run, calls: 180, house, &random)
        try finish(run, house)
        try house.sweep("a run")
        #expect(try house.scene.tree("partners").count == 4)
        let erase = ["subject", "erase", "p.yaml", "--user", "-", "--now", "2026-04-01"] + Self.who
        try crash(erase, line: user, calls: 30, house, &random)
        house.allowances.removeLast()
        house.allowances.append(
            CanaryAllowance(kind: .subject, places: ["partners/"], form: .written))
        try finish(erase, line: user, house)
        try house.sweep("an erasure")
    }

    @Test func tasksOfADisclosure() throws {
        var random = SeededGenerator(seed: Self.seed &+ 2)
        let (house, _) = try disclosingHouse()
        house.allowances.append(CanaryAllowance(kind: .subject, places: ["partners/"]))
        // Until the commit, the work of tasks has the names that a disclosure counts.
        let kinds: [CanaryMark.Kind] = [.subject, .disclosed, .counted]
        house.allowances += kinds.map { CanaryAllowance(kind: $0, places: ["work/"]) }
        let plan = try house.run(
            ["plan", "p.yaml", "--work", "work", "--key-file", "run.key", "--range-bytes", "3000",
             "--first-month", "2025-10", "--now", "2026-04-01"])
        try #require(plan.status == 0, "\(plan.errors)")
        let answer = try JSONDecoder().decode(Plan.self, from: Data(plan.output))
        #expect(answer.tasks.count > 2)
        for (index, task) in answer.tasks.enumerated() {
            let words = ["task", answer.folder, task.name, "--key-file", "run.key"]
            if index < 2 { try crash(words, calls: 18, house, &random) }
            try finish(words, house)
        }
        try house.sweep("tasks")
        let commit = ["commit", answer.folder]
        try crash(commit, calls: 150, house, &random)
        house.allowances.removeLast(kinds.count)
        house.allowances += kinds.map {
            CanaryAllowance(kind: $0, places: ["work/"], form: .written)
        }
        try finish(commit, house)
        try house.sweep("a commit")
        #expect(try house.scene.tree("partners").count == 4)
        house.allowances.removeLast(kinds.count)
        #expect(try !house.leaks().isEmpty)
    }

    private struct Plan: Decodable {
        struct Task: Decodable { let name: String }
        let folder: String
        let tasks: [Task]
    }
}
