internal import Anonymization
internal import KeyedHashing
internal import Ledger

/// What one run does for opt-outs: what it takes out of what is stored and counted, and what its
/// commit remembers of that.
///
/// In this order: the lines of the list that are due, what holds kept of earlier ones, entries of
/// the registry whose day has come, and targets that such entries reach only since they were
/// changed. A command that has the values of its own opt-outs at hand carries out only these.
struct DueOptOuts {
    /// What is to be taken out; nil: nothing.
    private(set) var removal: OptOutRemoval?
    /// What the run has to say of them.
    private(set) var notes: [String] = []
    /// The same, also when it is quiet.
    private(set) var alarms: [String] = []

    private let plan: Plan
    /// The list, where the run takes out what it names.
    private var list: OptOutListMemory?
    private let hasher: SubjectHasher?
    private var openLines: UnsearchedLines?
    private var goesOverHeld = false
    private var awaited: AwaitedOptOutChanges?
    private var targets: Set<Digest256>?
    /// Those of a command, with their values.
    private var sought: [OptOutRemoval.Sought] = []

    /// Those of a run that applies the list.
    init(_ registry: StateRegistry, _ plan: Plan) throws(PipelineFailure) {
        self.plan = plan
        hasher = registry.hasher
        let list = OptOutListMemory(ledger: registry.ledger, plan: plan)
        self.list = list
        let listed = try list.removal(registry)
        removal = listed.removal
        openLines = listed.open
        if let held = try HeldOptOuts(registry.ledger, plan).due {
            removal = OptOutRemoval(removal, adding: held, plan)
            goesOverHeld = true
        }
        let awaited = try AwaitedOptOuts(registry, plan)
        removal = try awaited.joined(to: removal)
        self.awaited = awaited.changes
        let widened = try WidenedOptOuts(registry.ledger, plan, takenOut: awaited.takenOut)
        targets = widened.remembered
        notes = awaited.notes + widened.notes
        alarms = widened.released
    }

    /// Those of a command, which says itself what it takes out.
    init(
        of settings: RunSettings, _ registry: StateRegistry, _ plan: Plan
    ) throws(PipelineFailure) {
        self.plan = plan
        hasher = registry.hasher
        sought = settings.soughtOptOuts
        targets = try WidenedOptOuts.remembered(
            registry.ledger, plan, entered: settings.enteredOptOuts)
    }

    /// Enters what a run remembers that has taken them out, and what holds `kept` of them.
    ///
    /// Where a part could not be searched (`leavesSome`), nothing counts as carried out: the next
    /// run finds the list, what is awaited and what holds kept as this one did. What a command has
    /// the values of is kept for it, too.
    func remember(
        in commit: inout RunCommit, kept: Set<HeldOptOut>, leavesSome: Bool
    ) throws(PipelineFailure) {
        commit.heldOptOuts.endsEarlier = goesOverHeld && !leavesSome
        // In an order of their own.
        commit.heldOptOuts.kept = kept.sorted {
            $0.match.digest.hex.utf8.lexicographicallyPrecedes($1.match.digest.hex.utf8)
        }
        if leavesSome {
            let keys = try LivingKeys(plan)
            for one in sought { commit.optOuts.awaited.keepWhole(one, plan, keys) }
            return
        }
        if let awaited { commit.optOuts.awaited = awaited }
        commit.unsearchedLines = openLines
        commit.optOutTargets = targets.map { (WidenedOptOuts.list(of: plan), $0) }
        if let list, let known = try list.remember(hashing: hasher) {
            commit.inputLists.append(known)
        }
    }
}
