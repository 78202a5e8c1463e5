internal import Anonymization
internal import KeyedHashing
internal import Ledger
internal import Records
internal import Statistics

/// What a run has to do for requests of persons in what is stored: the erasures that are not done,
/// and a correction that was asked for.
struct SubjectWork {
    /// An erasure that is carried out.
    struct Erasure {
        /// The number in the ledger; nil in a dry run.
        let id: Int64?
        let kind: SubjectKind
        let who: SoughtIdentity.Who
        let within: SoughtIdentity.Who?
        let until: EventTime?
        let tokens: SubjectTokens
        /// The holds that may bind its records, the surest first.
        let holds: [HoldRecord]
        let doubts: [PendingErasure.Doubt]
        /// What could not be searched in the store when somebody had looked through it; nil: nobody
        /// has.
        var storeSearched: Digest256?
        /// What was looked through before, and which files were not there then.
        var looked: ErasureRecord.Looked?

        /// True when something of it may be in the file at `path`, which `run` wrote: it was not
        /// looked into since by the pipeline file of now.
        func seeks(in path: String, of run: Int64, _ plan: Plan) -> Bool {
            guard let looked, looked.plan == plan.digest else { return true }
            return run > looked.run || looked.awaited.contains(path)
        }

        fileprivate func matcher(_ release: ReleasePlan) -> RecordMatcher {
            let sought = SoughtIdentity(
                kind: kind, who: who, slots: release.slots(of: kind),
                tokens: tokens.texts(.record))
            let limit = within.map { tokens.customer($0, release) }
            return RecordMatcher(sought: sought, within: limit)
        }
    }

    /// A correction of one field.
    struct Correction {
        let kind: SubjectKind
        let value: [UInt8]
        let within: [UInt8]?
        let field: String
        let text: [UInt8]
        /// What stands for the customer where its value does not.
        let tokens: SubjectTokens

        fileprivate func matcher(_ release: ReleasePlan) -> RecordMatcher {
            RecordMatcher(
                sought: SoughtIdentity(
                    kind: kind, who: .value(value), slots: release.slots(of: kind)),
                within: within.map { tokens.customer(.value($0), release) })
        }
    }

    let erasures: [Erasure]
    let correction: Correction?
    /// The holds that may bind records of the correction, the surest first.
    let correctionHolds: [HoldRecord]
    /// What opt-outs take out.
    let removal: OptOutRemoval?

    var isEmpty: Bool { erasures.isEmpty && correction == nil && removal == nil }

    /// What the ledger says is open, and what `order` adds.
    init(
        _ registry: StateRegistry, now: EventTime, _ order: SubjectOrder?
    ) throws(PipelineFailure) {
        let holds: [HoldRecord]
        var open: [Erasure] = []
        do {
            holds = try registry.ledger.bindingHolds(at: now)
            if let hasher = registry.hasher {
                for record in try registry.ledger.erasures() where record.done == nil {
                    let tokens = SubjectTokens(try registry.ledger.tokens(ofErasure: record.id))
                    open.append(Self.erasure(record, tokens, holds, hasher))
                }
            }
        } catch { throw StateRegistry.failure(error) }
        if case .tryErasure(let subject, let tokens, let until) = order {
            open.append(
                Self.erasure(subject, tokens, until, holds, registry.hasher))
        }
        erasures = open
        if case .removeOptedOut(let removal) = order {
            self.removal = removal
        } else {
            removal = nil
        }
        if case .correct(let correction) = order {
            self.correction = correction
            let subject = registry.hasher?.hash(correction.kind, correction.value.span)
            correctionHolds = Self.binding(holds, correction.kind, subject).holds
        } else {
            correction = nil
            correctionHolds = []
        }
    }

    private static func erasure(
        _ record: ErasureRecord, _ tokens: SubjectTokens, _ holds: [HoldRecord],
        _ hasher: SubjectHasher
    ) -> Erasure {
        let subject = record.request.subject
        let binding = binding(holds, subject.kind, subject)
        return Erasure(
            id: record.id, kind: subject.kind, who: .hash(subject, hasher),
            within: record.request.within.map {
                .hash(SubjectHash(kind: .customer, digest: $0), hasher)
            }, until: record.until, tokens: tokens, holds: binding.holds, doubts: binding.doubts,
            storeSearched: record.storeSearched, looked: record.looked)
    }

    /// An erasure that is only tried: nothing of it is in the ledger.
    private static func erasure(
        _ subject: SoughtSubject, _ tokens: SubjectTokens, _ until: EventTime?,
        _ holds: [HoldRecord], _ hasher: SubjectHasher?
    ) -> Erasure {
        let kind = subject.kind.subjectKind
        let hash = hasher?.hash(kind, subject.canonical.span)
        let binding = binding(holds, kind, hash)
        return Erasure(
            id: nil, kind: kind, who: .value(subject.canonical),
            within: subject.within.map { .value($0) }, until: until, tokens: tokens,
            holds: binding.holds, doubts: binding.doubts)
    }

    /// The holds that bind records of a subject, those that surely or possibly do, and for which
    /// events they leave a doubt where a record names nobody: only a hold on another one of the
    /// same kind surely does not.
    static func binding(
        _ holds: [HoldRecord], _ kind: SubjectKind, _ subject: SubjectHash?
    ) -> (sure: [HoldRecord], holds: [HoldRecord], doubts: [PendingErasure.Doubt]) {
        var sure: [HoldRecord] = []
        var possible: [HoldRecord] = []
        var doubts: [PendingErasure.Doubt] = []
        for hold in holds {
            var isPossible = false
            var isSure = false
            for bound in hold.hold.subjects {
                if case .subject(let hash) = bound.match, hash.kind == kind {
                    if hash != subject { continue }
                    isSure = true
                }
                isPossible = true
                doubts.append(PendingErasure.Doubt(from: bound.from, until: bound.until))
            }
            if isSure { sure.append(hold) } else if isPossible { possible.append(hold) }
        }
        return (sure, sure + possible, doubts)
    }

    // MARK: Plans

    /// Lets the plan for reading an output's files again do the work too. `showsWindow` is false
    /// for an output in which nothing was ever readable.
    func prepare(_ plan: inout Plan, showsWindow: Bool) {
        plan.release.erasures = erasures.map {
            PendingErasure(
                matcher: $0.matcher(plan.release), until: $0.until, doubts: $0.doubts)
        }
        guard let correction, showsWindow,
            let slot = plan.release.fields.names.firstIndex(of: correction.field)
        else { return }
        plan.release.corrected = correction.matcher(plan.release)
        for index in plan.release.outputs.indices {
            plan.release.outputs[index].correction = FieldCorrection(
                slot: slot, text: correction.text)
        }
    }

    /// What tells the records of each erasure in the pipeline's sources.
    func sourceMatchers(_ release: ReleasePlan) -> [RecordMatcher] {
        erasures.map { $0.matcher(release) }
    }
}

/// What a command asks a run to do for one subject.
enum SubjectOrder {
    /// Count what an erasure would take, and change nothing.
    case tryErasure(SoughtSubject, SubjectTokens, until: EventTime?)
    case correct(SubjectWork.Correction)
    /// Take what was opted out of out of what is stored and counted.
    case removeOptedOut(OptOutRemoval)
}

extension SubjectTokens {
    /// The only customer whose records are meant, by its value and by what stands for it.
    fileprivate func customer(
        _ who: SoughtIdentity.Who, _ release: ReleasePlan
    ) -> SoughtIdentity {
        var identity = SoughtIdentity(
            kind: .customer, who: who, slots: release.slots(of: .customer),
            tokens: texts(.recordCustomer))
        identity.copies = texts(.recordCustomerCopy)
        return identity
    }
}
