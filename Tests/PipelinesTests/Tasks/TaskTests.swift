import Foundation
import Pipelines
import TestSupport
import Testing

/// Attempts at tasks: late ones, several at once, on sources that change, with other keys.
@Suite struct TaskTests {
    private func run() throws -> DividedRun {
        var lines = EventLines(seed: 91)
        return try DividedRun(format: "jsonl", sources: [lines.json(60), lines.json(40)])
    }

    @Test func aLateAttemptSucceedsAndChangesNothing() throws {
        let run = try run()
        let plan = try run.plan(rangeBytes: 2000)
        let name = plan.tasks[0].name
        let first = try run.attempt(name, of: plan)
        let manifest = "\(DividedRun.work)/\(plan.name)/\(name)/manifest.json"
        let before = try run.folder.text(manifest)
        let second = try run.attempt(name, of: plan)
        #expect(first.isCommitted && !second.isCommitted)
        #expect(first.records == second.records && first.records > 0)
        #expect(try run.folder.text(manifest) == before)
        #expect(run.attempts(of: plan).isEmpty)
    }

    @Test func ofAttemptsAtOnceOneCounts() async throws {
        let run = try run()
        _ = try run.folder.run(now: DividedRun.now)
        let expected = try run.takeResults()
        let plan = try run.plan(rangeBytes: 2000)
        let folder = plan.folder
        let key = run.key
        for task in plan.tasks {
            let name = task.name
            let committed = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        var request = TaskRequest(folder: folder, name: name)
                        request.key = key
                        return try Sluice.runTask(request, observer: nil).isCommitted
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(committed == 1)
        }
        _ = try Sluice.commitTasks(folder: plan.folder)
        #expect(try run.takeResults() == expected)
    }

    @Test func aSourceThatChangedIsRefusedForGood() throws {
        let run = try run()
        let plan = try run.plan(rangeBytes: 2000)
        try run.folder.write("in/1000.log", "{}\n")
        let found = exitStatus { try run.attempt(plan.tasks[0].name, of: plan) }
        #expect(found == ExitStatus.source)
        try run.folder.remove("in/1000.log")
        // Another node may have it.
        #expect(exitStatus { try run.attempt(plan.tasks[0].name, of: plan) } == ExitStatus.storage)
        #expect(run.attempts(of: plan).isEmpty)
    }

    @Test func aCommitWithoutAllTasksWritesNothing() throws {
        let run = try run()
        let plan = try run.plan(rangeBytes: 2000)
        #expect(plan.tasks.count > 3)
        for task in plan.tasks.dropLast() { try run.attempt(task.name, of: plan) }
        let found = exitStatus { _ = try Sluice.commitTasks(folder: plan.folder) }
        #expect(found == ExitStatus.refused)
        #expect(run.folder.files(below: "out").isEmpty)
        try run.attempt(plan.tasks[plan.tasks.count - 1].name, of: plan)
        #expect(try Sluice.commitTasks(folder: plan.folder) != nil)
        #expect(!run.folder.files(below: "out").isEmpty)
    }

    @Test func aCommittedRunIsCompleteAndItsWorkIsGone() throws {
        let run = try run()
        var random = SeededGenerator(seed: 92)
        let (plan, _) = try run.divide(rangeBytes: 2000, using: &random)
        let left = run.folder.files(below: "\(DividedRun.work)/\(plan.name)")
        #expect(left == ["_SUCCESS.json", "lock", "plan.json"])
        #expect(try Sluice.commitTasks(folder: plan.folder) == nil)
        // An attempt that was cut off and comes back leaves nothing that nobody would take away.
        #expect(try !run.attempt(plan.tasks[0].name, of: plan).isCommitted)
        #expect(run.folder.files(below: "\(DividedRun.work)/\(plan.name)") == left)
        let again = try run.plan(rangeBytes: 2000)
        #expect(again.isComplete && again.folder == plan.folder)
        // Another clock, another run.
        #expect(try run.plan(rangeBytes: 2000, now: "2026-04-16").folder != plan.folder)
    }

    @Test func aRunWhoseResultsAreGoneOrOfAnotherIsNotComplete() throws {
        let run = try run()
        var random = SeededGenerator(seed: 93)
        let (plan, _) = try run.divide(rangeBytes: 2000, using: &random)
        let whole = try run.results()
        func expectAnew(without name: String) throws {
            let commit = { _ = try Sluice.commitTasks(folder: plan.folder) }
            #expect(exitStatus(commit) == ExitStatus.refused, "\(name)")
            let again = try run.plan(rangeBytes: 2000)
            #expect(!again.isComplete && again.folder == plan.folder, "\(name)")
            try run.divide(rangeBytes: 2000, using: &random)
            #expect(try run.plan(rangeBytes: 2000).isComplete, "\(name)")
            #expect(try run.results()["days.csv"] == whole["days.csv"], "\(name)")
            #expect(try run.results()["all.gz"] == whole["all.gz"], "\(name)")
        }
        try run.folder.remove("out/days.csv")
        try expectAnew(without: "a table")
        let other = try run.folder.text("out/days.csv").replacing("2", with: "3")
        try run.folder.write("out/days.csv", other)
        try expectAnew(without: "a table's bytes")
        try run.folder.remove("out")
        try expectAnew(without: "all")
    }

    @Test func zoneDataThatSayOtherThingsThanThePlannedOnesAreRefused() throws {
        let pipeline = """
            name: zones
            source: { format: jsonl, files: "in/*", time: ts }
            zone: Europe/Amsterdam
            fields: { ts: keep }
            outputs: [{ name: all, purpose: statistics, path: out/all }]
            """
        let run = try DividedRun(
            pipeline: pipeline, files: ["in/1": "{\"ts\":\"2026-03-31T23:00:00Z\"}\n"])
        let plan = try run.plan(rangeBytes: 2000)
        try OtherZoneData("Europe/Amsterdam", as: "Etc/GMT-10").use {
            let found = exitStatus { try run.attempt(plan.tasks[0].name, of: plan) }
            #expect(found == ExitStatus.refused)
        }
        try run.attempt(plan.tasks[0].name, of: plan)
        try OtherZoneData("Europe/Amsterdam", as: "Etc/GMT-10").use {
            let commit = { _ = try Sluice.commitTasks(folder: plan.folder) }
            #expect(exitStatus(commit) == ExitStatus.refused)
        }
        #expect(try Sluice.commitTasks(folder: plan.folder) != nil)
    }

    @Test func aPlanOfTheSameDayIsFoundAgain() throws {
        let run = try run()
        let first = try run.plan(rangeBytes: 2000, now: nil)
        let second = try run.plan(rangeBytes: 2000, now: nil)
        #expect(first.folder == second.folder && first.now == second.now)
        #expect(try run.plan(rangeBytes: 3000, now: nil).folder != first.folder)
    }

    @Test func aPlanByTheSystemsClockIsGoodOnItsDayAndTheNext() throws {
        let run = try run()
        let plan = try run.plan(rangeBytes: 2000, now: nil)
        let file = "\(DividedRun.work)/\(plan.name)/plan.json"
        let written = try run.folder.text(file)
        func ago(_ days: Int) throws {
            let then = Date(timeIntervalSinceNow: Double(-86_400 * days)).formatted(.iso8601)
            try run.folder.write(file, written.replacing(plan.now, with: then))
        }
        try ago(1)
        for task in plan.tasks.dropLast() { try run.attempt(task.name, of: plan) }
        let last = plan.tasks[plan.tasks.count - 1].name
        try ago(2)
        #expect(exitStatus { try run.attempt(last, of: plan) } == ExitStatus.refused)
        try ago(1)
        try run.attempt(last, of: plan)
        try ago(2)
        let commit = { _ = try Sluice.commitTasks(folder: plan.folder) }
        #expect(exitStatus(commit) == ExitStatus.refused)
        #expect(run.folder.files(below: "out").isEmpty)
        // Who says what time it is means it; and what is complete stays so.
        let late = try run.folder.text(file)
        try run.folder.write(
            file, late.replacing(#""now_is_stated":false"#, with: #""now_is_stated":true"#))
        #expect(exitStatus(commit) == nil)
        try run.folder.write(file, late)
        #expect(exitStatus(commit) == nil)
    }

    @Test func workOfAnotherVersionIsRefusedAndTheMessageSaysHowToEndIt() throws {
        let run = try run()
        let plan = try run.plan(rangeBytes: 2000)
        for task in plan.tasks { try run.attempt(task.name, of: plan) }
        let folder = "\(DividedRun.work)/\(plan.name)"
        for file in ["\(folder)/\(plan.tasks[1].name)/manifest.json", "\(folder)/plan.json"] {
            let written = try run.folder.text(file)
            try run.folder.write(file, written.replacing(#""version":"#, with: #""version":9"#))
            let failure = #expect(throws: PipelineFailure.self) {
                _ = try Sluice.commitTasks(folder: plan.folder)
            }
            guard case .refused(let sentence) = failure else {
                Issue.record("another end than a refusal: \(file)")
                continue
            }
            #expect(sentence.contains("another version of sluice"))
            #expect(sentence.contains("remove \(plan.folder),"))
            try run.folder.write(file, written)
        }
        #expect(try Sluice.commitTasks(folder: plan.folder) != nil)
    }

    @Test func otherKeysAreRefused() throws {
        let run = try run()
        let plan = try run.plan(rangeBytes: 2000)
        try run.folder.write("other.key", String(repeating: "0badcafe", count: 8))
        let path = "\(run.folder.folder)/other.key"
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        let found = exitStatus {
            try run.attempt(plan.tasks[0].name, of: plan, key: .file(path))
        }
        #expect(found == ExitStatus.keys)
        for task in plan.tasks { try run.attempt(task.name, of: plan) }
        // What a task says of its keys is believed; so one that says something else stands out.
        let manifest = "\(DividedRun.work)/\(plan.name)/\(plan.tasks[1].name)/manifest.json"
        let text = try run.folder.text(manifest)
        let start = try #require(text.range(of: "static/"))
        let digit = text[start.upperBound]
        try run.folder.write(
            manifest,
            text.replacingCharacters(
                in: start.upperBound..<text.index(after: start.upperBound),
                with: digit == "0" ? "1" : "0"))
        let refused = exitStatus { _ = try Sluice.commitTasks(folder: plan.folder) }
        #expect(refused == ExitStatus.keys)
        #expect(run.folder.files(below: "out").isEmpty)
    }

    @Test func aDamagedLogIsNoticedBeforeAnythingAppears() throws {
        let run = try run()
        let plan = try run.plan(rangeBytes: 2000)
        for task in plan.tasks { try run.attempt(task.name, of: plan) }
        let last = plan.tasks[plan.tasks.count - 1].name
        let path = "\(plan.folder)/\(last)/log"
        var log = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        log[log.count - 3] ^= 1
        try Data(log).write(to: URL(fileURLWithPath: path))
        #expect(
            exitStatus { _ = try Sluice.commitTasks(folder: plan.folder) } == ExitStatus.storage)
        #expect(run.folder.files(below: "out").isEmpty)
    }

    @Test func anotherPipelineThanThePlannedOneIsRefused() throws {
        let run = try run()
        let plan = try run.plan(rangeBytes: 2000)
        let text = try run.folder.text("pipeline.yaml")
        try run.folder.write("pipeline.yaml", text + "# changed\n")
        let found = exitStatus { try run.attempt(plan.tasks[0].name, of: plan) }
        #expect(found == ExitStatus.refused)
    }

    @Test func whatOnlyAgesAStoreIsForOneMachine() throws {
        let pipeline = """
            name: archive
            source: { format: jsonl, time: ts }
            store: { files: "in/*", settle: PT0S }
            fields: { ts: keep }
            state: state
            """
        let run = try DividedRun(pipeline: pipeline, files: ["in/1": "{}\n"])
        #expect(exitStatus { _ = try run.plan(rangeBytes: 10) } == ExitStatus.usage)
        let piped = try DividedRun(
            pipeline: pipeline.replacingOccurrences(
                of: "store: { files: \"in/*\", settle: PT0S }",
                with: "outputs: [{ name: all, purpose: statistics, path: out/all }]"), files: [:])
        #expect(exitStatus { _ = try piped.plan(rangeBytes: 10) } == ExitStatus.usage)
    }

    @Test func tasksHaveNumbersToo() throws {
        let run = try run()
        let plan = try run.plan(rangeBytes: 2000)
        #expect(try run.attempt("1", of: plan).task == plan.tasks[1].name)
        for text in ["\(plan.tasks.count)", "-1", "task-"] {
            #expect(exitStatus { try run.attempt(text, of: plan) } == ExitStatus.usage)
        }
    }

    /// None of the buckets, some, or all are merged before the commit.
    @Test(arguments: [(1, 1), (2, 0), (5, 3), (5, 5)])
    func bucketsMergeToTheSameTables(_ buckets: Int, _ merged: Int) throws {
        let run = try run()
        _ = try run.folder.run(now: DividedRun.now)
        let expected = try run.takeResults()
        let plan = try run.plan(rangeBytes: 1000, buckets: buckets)
        #expect(plan.tasks.count > 5 && plan.buckets == buckets)
        for task in plan.tasks.dropLast() { try run.attempt(task.name, of: plan) }
        #expect(
            exitStatus { _ = try Sluice.mergeTasks(folder: plan.folder, bucket: 0) }
                == ExitStatus.refused)
        try run.attempt(plan.tasks[plan.tasks.count - 1].name, of: plan)
        for bucket in (0..<merged).reversed() {
            for isFirst in [true, false] {
                let report = try Sluice.mergeTasks(folder: plan.folder, bucket: bucket)
                #expect(report.isCommitted == isFirst)
            }
        }
        #expect(
            exitStatus { _ = try Sluice.mergeTasks(folder: plan.folder, bucket: buckets) }
                == ExitStatus.usage)
        _ = try Sluice.commitTasks(folder: plan.folder)
        #expect(try run.takeResults() == expected)
        #expect(try run.plan(rangeBytes: 1000, buckets: buckets + 1).folder != plan.folder)
    }

    /// What a bucket holds is read from there: damage to it, or its loss, is noticed.
    @Test func aDamagedBucketIsNoticed() throws {
        let run = try run()
        let plan = try run.plan(rangeBytes: 1000, buckets: 3)
        for task in plan.tasks { try run.attempt(task.name, of: plan) }
        _ = try Sluice.mergeTasks(folder: plan.folder, bucket: 1)
        let path = "\(plan.folder)/bucket-1/partial-0"
        var partial = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        partial[partial.count / 2] ^= 1
        try Data(partial).write(to: URL(fileURLWithPath: path))
        #expect(
            exitStatus { _ = try Sluice.commitTasks(folder: plan.folder) } == ExitStatus.storage)
        #expect(run.folder.files(below: "out").isEmpty)
        try FileManager.default.removeItem(atPath: "\(plan.folder)/bucket-1")
        #expect(try Sluice.commitTasks(folder: plan.folder) != nil)
    }

    @Test func bucketsAreForWhatIsMerged() throws {
        let run = try run()
        for buckets in [0, -1, 257] {
            #expect(
                exitStatus { _ = try run.plan(rangeBytes: 1000, buckets: buckets) }
                    == ExitStatus.usage)
        }
        let plain = try DividedRun(
            pipeline: """
                name: plain
                source: { format: jsonl, files: "in/*", time: ts }
                fields: { ts: keep }
                outputs: [{ name: all, purpose: security, path: out/all }]

                """,
            files: ["in/1.log": "{\"ts\":\"2026-04-01T00:00:00Z\"}\n"])
        #expect(
            exitStatus { _ = try plain.plan(rangeBytes: 1000, buckets: 2) } == ExitStatus.usage)
        #expect(try plain.plan(rangeBytes: 1000).buckets == 1)
    }

    // MARK: Folders that cannot be renamed

    /// Leaves attempts at a task behind that look whole in ever more ways, and are not.
    private func leaveDead(_ run: DividedRun, _ plan: TaskPlanReport, _ name: String) throws {
        let work = "\(DividedRun.work)/\(plan.name)"
        let whole = try #require(
            run.attempts(of: plan).first { $0.contains(name) && $0.hasSuffix("manifest.json") })
        let manifest = try run.folder.text("\(work)/\(whole)")
        // They stand in front of the whole one in every listing.
        try run.folder.write("\(work)/_tmp.\(name).0.a/log", "cut")
        try run.folder.write("\(work)/_tmp.\(name).0.b/log", "cut")
        try run.folder.write(
            "\(work)/_tmp.\(name).0.b/manifest.json", String(manifest.dropLast(9)))
        try run.folder.write("\(work)/_tmp.\(name).0.c/log", "cut")
        try run.folder.write("\(work)/_tmp.\(name).0.c/manifest.json", manifest)
    }

    @Test func withoutRenamesTheCommitListsWinners() async throws {
        let run = try run()
        _ = try run.folder.run(now: DividedRun.now)
        let expected = try run.takeResults()
        let plan = try run.plan(rangeBytes: 2000, listsWinners: true)
        #expect(try run.plan(rangeBytes: 2000).folder != plan.folder)
        let folder = plan.folder
        let key = run.key
        for task in plan.tasks {
            let name = task.name
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        var request = TaskRequest(folder: folder, name: name)
                        request.key = key
                        _ = try Sluice.runTask(request, observer: nil)
                    }
                }
                try await group.waitForAll()
            }
            try leaveDead(run, plan, name)
            #expect(try !run.attempt(name, of: plan).isCommitted)
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(names.allSatisfy { !$0.hasPrefix("task-") })
        _ = try Sluice.mergeTasks(folder: folder, bucket: 0)
        // A commit that died over its list.
        try run.folder.write("\(DividedRun.work)/\(plan.name)/winners.json", "{\"task-")
        #expect(try Sluice.commitTasks(folder: folder) != nil)
        #expect(try run.results() == expected)
        #expect(run.attempts(of: plan).isEmpty)
        #expect(try Sluice.commitTasks(folder: folder) == nil)
        #expect(try run.plan(rangeBytes: 2000, listsWinners: true).isComplete)
    }

    @Test func withoutRenamesOnlyDeadAttemptsAreCollected() throws {
        let run = try run()
        let plan = try run.plan(rangeBytes: 2000, listsWinners: true)
        try run.attempt(plan.tasks[0].name, of: plan)
        try leaveDead(run, plan, plan.tasks[0].name)
        let folder = "\(DividedRun.work)/\(plan.name)"
        let old = [FileAttributeKey.modificationDate: Date(timeIntervalSinceNow: -9 * 86_400)]
        for name in try FileManager.default.contentsOfDirectory(
            atPath: "\(run.folder.folder)/\(folder)") where name.hasPrefix("_tmp.")
        {
            let path = "\(run.folder.folder)/\(folder)/\(name)"
            for inner in try FileManager.default.contentsOfDirectory(atPath: path) {
                try FileManager.default.setAttributes(old, ofItemAtPath: "\(path)/\(inner)")
            }
            try FileManager.default.setAttributes(old, ofItemAtPath: path)
        }
        let work = "\(run.folder.folder)/\(DividedRun.work)"
        #expect(try Sluice.collectWork(work, olderThan: "P2D").attempts == 3)
        #expect(try !run.attempt(plan.tasks[0].name, of: plan).isCommitted)
    }

    // MARK: Month keys

    private let withMonthKeys = """
        name: monthly
        source: { format: jsonl, files: "in/*", time: ts }
        identity: { user: user }
        fields: { ts: keep, user: pseudonymize }
        outputs:
          - { name: all, purpose: security, path: "out/all.jsonl" }
        keys: keys

        """

    @Test func tasksReadMonthKeysAndMakeNone() throws {
        let lines = (1...4).map { #"{"ts":"2026-0\#($0)-02T00:00:00Z","user":"u@one.example"}"# }
        let run = try DividedRun(
            pipeline: withMonthKeys, files: ["in/1": lines.joined(separator: "\n") + "\n"])
        let late = try run.plan(rangeBytes: 40)
        func keys() -> [String] {
            run.folder.files(below: "keys").filter { $0.hasSuffix(".key") }
        }
        #expect(keys() == ["2026-03.key", "2026-04.key"])
        #expect(exitStatus { try run.attempt(late.tasks[0].name, of: late) } == ExitStatus.keys)
        #expect(keys() == ["2026-03.key", "2026-04.key"])
        let plan = try run.plan(rangeBytes: 40, firstMonth: "2026-01")
        for task in plan.tasks { try run.attempt(task.name, of: plan) }
        _ = try Sluice.commitTasks(folder: plan.folder)
        let divided = try run.takeResults()
        _ = try run.folder.run(now: DividedRun.now)
        #expect(try run.takeResults() == divided)
    }

    // MARK: Removal

    /// A `plan` that was killed leaves a file in the making; what attempts have so far stays.
    @Test func leftoversOfAPlanGoWhenItIsPlannedAgain() throws {
        let run = try run()
        let plan = try run.plan(rangeBytes: 2000)
        let folder = "\(DividedRun.work)/\(plan.name)"
        let attempt = "_tmp.\(plan.tasks[1].name).0.x/log"
        let cut = ".plan.json.sluice-0123456789abcdef-0.tmp"
        for name in [attempt, cut] { try run.folder.write("\(folder)/\(name)", "cut off") }
        func names() throws -> Set<String> {
            Set(try FileManager.default.contentsOfDirectory(
                atPath: "\(run.folder.folder)/\(folder)"))
        }
        #expect(try names().contains(cut))
        #expect(try run.plan(rangeBytes: 2000).folder == plan.folder)
        #expect(try names() == ["plan.json", "_tmp.\(plan.tasks[1].name).0.x"])
    }

    @Test func deadAttemptsGoByTheirAge() throws {
        let run = try run()
        let plan = try run.plan(rangeBytes: 2000)
        try run.attempt(plan.tasks[0].name, of: plan)
        let dead = "\(DividedRun.work)/\(plan.name)/_tmp.\(plan.tasks[1].name).0.x"
        try run.folder.write("\(dead)/log", "readable")
        let work = "\(run.folder.folder)/\(DividedRun.work)"
        let nothing = try Sluice.collectWork(work, olderThan: "P2D")
        #expect(nothing.attempts == 0 && nothing.plans == 0)
        for name in [dead, "\(dead)/log"] {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -9 * 86_400)],
                ofItemAtPath: "\(run.folder.folder)/\(name)")
        }
        #expect(try Sluice.collectWork(work, olderThan: "P2D").attempts == 1)
        #expect(run.attempts(of: plan).isEmpty)
        #expect(!run.folder.files(below: "\(DividedRun.work)/\(plan.name)").isEmpty)
        #expect(try Sluice.collectWork(work, olderThan: "PT0S").plans == 1)
        #expect(run.folder.files(below: DividedRun.work).isEmpty)
    }
}
