internal import Anonymization
internal import KeyedHashing
internal import Ledger
internal import Records

/// Turns a request, or an entry of a file, into a hold, and refuses what could not bind.
struct HoldMaking {
    private let plan: Plan
    private let ledger: Ledger
    private let now: EventTime

    init(_ session: RegistrySession) {
        self.init(plan: session.plan, ledger: session.ledger)
    }

    init(plan: Plan, ledger: Ledger) {
        self.plan = plan
        self.ledger = ledger
        now = plan.release.clocks.runClock.now
    }

    /// The hold of `request`; makes the registry's key when it has to hash somebody.
    func hold(_ request: HoldRequest) throws(PipelineFailure) -> NewHold {
        let start = try request.start.map { text throws(PipelineFailure) in
            try time(text, "--start")
        } ?? now
        let end = try request.end.map { text throws(PipelineFailure) in try time(text, "--end") }
        if let end, end <= start { throw .usage("--end: expected a time after the start") }
        let hold = NewHold(
            name: try checkedText(request.name, "--name"), ground: try ground(request, start),
            reason: try checkedText(request.reason, "--reason"),
            raisedBy: try checkedText(request.by, "--by"), start: start, end: end,
            subjects: try subjects(request), outputs: try outputs(request))
        return hold
    }

    private func time(_ text: String, _ flag: String) throws(PipelineFailure) -> EventTime {
        guard let clock = RunClock(text: text, zone: plan.release.zone) else {
            throw .usage("\(flag): expected a date (2026-04-15) or an RFC 3339 time")
        }
        return clock.now
    }

    private func ground(
        _ request: HoldRequest, _ start: EventTime
    ) throws(PipelineFailure) -> HoldGround {
        switch request.ground {
        case .law(let citation):
            return .law(citation: try checkedText(citation, "--citation"))
        case .ownDecision(let text):
            let notice = try time(text, "--notice")
            guard notice <= start else {
                throw .usage(
                    "--start: persons are told before their data is kept longer: expected a start "
                        + "that is not before the notice")
            }
            return .ownDecision(notice: notice)
        }
    }

    private func subjects(_ request: HoldRequest) throws(PipelineFailure) -> [HoldSubject] {
        let from = try request.from.map { text throws(PipelineFailure) in
            try time(text, "--from")
        }
        let until = try request.until.map { text throws(PipelineFailure) in
            try time(text, "--until")
        }
        if let from, let until, until <= from {
            throw .usage("--until: expected a time after --from")
        }
        var matches: [HoldSubject.Match] = []
        matches += try hashed(.customer, request.customers, plan.release.customerSlot != nil)
        matches += try hashed(.user, request.users, plan.release.personSlot != nil)
        for text in request.addresses { matches.append(.network(try network(text))) }
        if matches.isEmpty {
            guard from != nil || until != nil else {
                throw .usage(
                    "expected whom or what the hold binds: --customer, --user, --addresses, or "
                        + "--from and --until")
            }
            matches = [.everybody]
        }
        return matches.map { HoldSubject($0, from: from, until: until) }
    }

    private func hashed(
        _ kind: SubjectKind, _ values: [String], _ isNamed: Bool
    ) throws(PipelineFailure) -> [HoldSubject.Match] {
        if values.isEmpty { return [] }
        guard isNamed else {
            throw .usage(
                "--\(kind.rawValue): the pipeline names no `identity.\(kind.rawValue)`, so no "
                    + "record could be found")
        }
        let registry = try StateRegistry(ledger, of: plan, creating: true)
        return try values.map { value throws(PipelineFailure) in
            let text = Array(value.utf8)
            guard let hash = registry.hasher?.hash(kind, writtenAs: text.span) else {
                throw .usage("--\(kind.rawValue): expected an identifier that is not empty")
            }
            return .subject(hash)
        }
    }

    /// The network in its canonical form, as it is kept.
    private func network(_ text: String) throws(PipelineFailure) -> String {
        guard !plan.release.addressSlots.isEmpty else {
            throw .usage(
                "--addresses: no field of the pipeline has a rule for addresses; expected "
                    + "`identity.address`")
        }
        do {
            let network = try AddressNetwork(text: text)
            // One address is meant in every spelling, a network in the one that is written.
            let isOne = network.prefixBits == (network.base.isIPv4 ? 32 : 128)
            let base = isOne ? network.base.canonical : network.base
            let bits = isOne && base.isIPv4 ? 32 : network.prefixBits
            return "\(String(decoding: base.textBytes, as: UTF8.self))/\(bits)"
        } catch {
            let what =
                switch error {
                case .notAnAddress: "a network such as 192.0.2.0/24 or an address"
                case .badLength: "a prefix of 0 to 32 bits, or to 128 for IPv6"
                case .hostBits: "the first address of the network in front of the prefix"
                }
            throw .usage("--addresses: expected \(what)")
        }
    }

    private func outputs(_ request: HoldRequest) throws(PipelineFailure) -> [String] {
        for name in request.outputs {
            let index = plan.outputs.firstIndex { $0.name.utf8.elementsEqual(name.utf8) }
            guard let index else { throw .usage("--output: the pipeline has no such output") }
            guard index < 64, plan.release.outputs[index].showsWindow else {
                throw .usage(
                    "--output: this output may not show readable data at any age; expected one "
                        + "with safeguards")
            }
        }
        return Array(Set(request.outputs)).sorted {
            $0.utf8.lexicographicallyPrecedes($1.utf8)
        }
    }
}
