internal import FileSystem
internal import Ledger
internal import Records

extension PipelineSpecification {
    /// The innermost folder that holds `folder`, where the pipeline file lies, the state and every
    /// result that is named from there. Nil without a state that is named so: it stays where it is
    /// when the pipeline file moves. Nil, too, when nothing less than the whole machine holds them.
    func home(at folder: String) -> String? {
        guard let state, let own = Self.place(state.value, from: folder) else { return nil }
        let results =
            outputs.map { $0.path.value.text } + statistics.compactMap { $0.path?.value.text }
            + [publish?.path, publish?.provisional, publish?.forCustomers?.path]
            .compactMap { $0?.value }
        var shared = Self.steps(folder)
        for place in [own] + results.compactMap({ Self.place($0, from: folder) }) {
            let steps = Self.steps(splitPath(place).directory)
            shared = Array(zip(shared, steps).prefix { $0 == $1 }.map(\.0))
        }
        return shared.isEmpty ? nil : "/" + shared.joined(separator: "/")
    }

    private static func place(_ path: String, from folder: String) -> String? {
        path == "-" || path.utf8.first == UInt8(ascii: "/")
            ? nil : PlanningWorld.simplified("\(folder)/\(path)")
    }

    private static func steps(_ path: String) -> [Substring] { path.split(separator: "/") }
}

/// True when the state folder at `path` has a ledger, false when it was never used; a state whose
/// ledger is gone is refused.
func hasLedger(_ path: String) throws(PipelineFailure) -> Bool {
    do { return try Ledger.isPresent(stateDirectory: path) } catch {
        throw .opening(stateIn: path, error)
    }
}

/// What a state is opened for.
enum StateUse {
    case changing
    /// Without its lock, a run may be at work meanwhile.
    case reading(isLocking: Bool)
}

/// Opens the state of `plan` in the folder at `path`; refuses that of another pipeline.
func openState(
    _ path: String, of plan: Plan, for use: StateUse = .changing
) throws(PipelineFailure) -> Ledger {
    let ledger: Ledger
    do {
        ledger =
            switch use {
            case .changing: try Ledger.open(stateDirectory: path, home: plan.home)
            case .reading(let isLocking):
                try Ledger.openForReading(stateDirectory: path, isLocking: isLocking)
            }
    } catch { throw .opening(stateIn: path, error) }
    try refuseOtherPipelines(ledger, at: path, plan)
    return ledger
}

/// Refuses a state on which another pipeline has run: all that was done stands there under its
/// name, and would be overlooked under another, from parts that wait to be aged to budgets spent.
func refuseOtherPipelines(
    _ ledger: Ledger, at path: String, _ plan: Plan
) throws(PipelineFailure) {
    let other: String?
    do { other = try ledger.pipeline(otherThan: plan.name) } catch {
        throw StateRegistry.failure(error)
    }
    guard let other else { return }
    throw .refused(
        "the state in \(path) is that of the pipeline `\(other)`: expected that `name`, or a state "
            + "of its own for `\(plan.name)`")
}

extension PipelineFailure {
    /// Why the state in `path` cannot be opened.
    static func opening(stateIn path: String, _ fault: LedgerFault) -> PipelineFailure {
        if fault == .busy { return .busy("another run is at work on the state in \(path)") }
        let sentence = "cannot open the state in \(path): \(fault.description)"
        return fault.remedy.map { .lostState(sentence, remedy: $0) } ?? .storage(sentence)
    }

    /// Why the ledger could not be written; or that it was, though not durably.
    static func writing(_ fault: LedgerFault) -> PipelineFailure {
        switch fault {
        case .busy: .busy("another run is at work on this state")
        case .notDurable: .unfinished(fault.description)
        default: .storage("cannot write the ledger: \(fault.description)")
        }
    }

    /// The same failure where something stands already, which `done` says: that is not undone.
    func behind(_ done: String) -> PipelineFailure {
        switch self {
        case .storage(let sentence), .keys(let sentence), .busy(let sentence):
            .unfinished("\(done); what follows failed: \(sentence)")
        case .source(let fault):
            .unfinished("\(done); what follows failed: \(fault.source): \(fault.expectation)")
        case .faults, .tables, .quarantineLimit, .lostState, .interrupted, .internalFault:
            .behind(done: done, self)
        case .usage, .refused, .closedPipe, .unfinished, .behind: self
        }
    }
}
