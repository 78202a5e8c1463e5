internal import Ledger

/// An output that the pipeline file does not name any more, while files of it lie there.
///
/// Nobody knows their format and rules: they are deleted when their time comes, and nothing else is
/// done to them. The run after the edit says so, long before something in them is due.
struct LostOutput {
    let name: String
    private(set) var files = 0
    /// Those of them that are not there, with their folder: their disk may be missing.
    private(set) var missing = 0

    /// Those of `plan`, in the order of their files, but for what goes with `changes`.
    static func all(
        _ ledger: Ledger, _ plan: Plan, leaving changes: PendingChanges? = nil
    ) throws(PipelineFailure) -> [LostOutput] {
        let parts: [PartRecord]
        do {
            parts = try ledger.currentParts(
                pipeline: plan.name, besidesOutputs: plan.outputs.map(\.name))
        } catch { throw StateRegistry.failure(error) }
        var lost: [LostOutput] = []
        for part in parts where part.path != "-" {
            if changes?.ends(part.id) ?? false { continue }
            if try isTakenAway(part, plan) { continue }
            let known = lost.firstIndex { $0.name == part.output } ?? lost.count
            if known == lost.count { lost.append(LostOutput(name: part.output)) }
            lost[known].files += 1
            if try !isPresent(part.path) { lost[known].missing += 1 }
        }
        return lost
    }

    var words: String {
        "output `\(name)`, which the pipeline does not have any more, has "
            + "\(counted(files, "file")) that no run can age, search or correct: runs fail once "
            + "something in them is due or sought; keep the output in the pipeline, as it was, "
            + "until they are gone"
            + (missing == 0
                ? ""
                : "; the folder of \(missing) of them is missing: "
                    + Self.remedy(forMissing: name))
    }

    /// What ends the waiting for files of output `name` that are not there.
    static func remedy(forMissing name: String) -> String {
        "if they are gone for good, say so once with `sluice run --forget-missing \(name)`"
    }
}
