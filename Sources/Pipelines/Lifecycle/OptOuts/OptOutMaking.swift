internal import Anonymization
internal import KeyedHashing
internal import Ledger
internal import Records

/// Turns requests and lines of a list into entries of the registry.
struct OptOutMaking {
    private let plan: Plan
    private let hasher: SubjectHasher
    private let now: EventTime

    init(_ session: RegistrySession) throws(PipelineFailure) {
        plan = session.plan
        now = session.now
        let registry = try StateRegistry(session.ledger, of: session.plan, creating: true)
        guard let hasher = registry.hasher else {
            throw .internalFault("the registry has no key after it was made")
        }
        self.hasher = hasher
    }

    /// The entry of `request`.
    func entry(_ request: OptOutRequest) throws(PipelineFailure) -> NewOptOut {
        let who = try Who(request.subject, plan, hasher)
        var basis: NewOptOut.Basis = plan.release.optOutBasis == .event ? .event : .use
        if let text = request.basis {
            guard let named = NewOptOut.Basis(rawValue: text) else {
                throw .usage("--basis: expected `use` or `event`")
            }
            basis = named
        }
        let zone = plan.release.zone
        var effective = zone.startOfDay(zone.localDay(at: now))
        if let text = request.effective {
            guard let date = CivilDate(parsing: Array(text.utf8).span) else {
                throw .usage("--effective: expected a date (2026-04-15)")
            }
            effective = zone.startOfDay(date.daysSince1970)
        }
        return NewOptOut(
            subject: who.hash, within: who.within, basis: basis, effective: effective,
            scopes: try scopes(request))
    }

    private func scopes(_ request: OptOutRequest) throws(PipelineFailure) -> [NewOptOut.Scope] {
        let purposes = try Self.words(
            request.purposes, known: plan.purposes.names, flag: "--purpose")
        let categories = try Self.words(
            request.categories, known: Category.allCases.map(\.rawValue),
            flag: "--category")
        return purposes.flatMap { purpose in
            categories.map { NewOptOut.Scope(purpose: purpose, category: $0) }
        }
    }

    private static func words(
        _ given: [String], known: [String], flag: String
    ) throws(PipelineFailure) -> [String] {
        if given.isEmpty { return ["*"] }
        for word in given
        where word != "*" && !known.contains(where: { $0.utf8.elementsEqual(word.utf8) }) {
            throw .usage(
                "\(flag): expected `*` or one of "
                    + known.map { "`\($0)`" }.joined(separator: ", "))
        }
        return given
    }

    /// The entry of a line of a list.
    func entry(_ line: OptOutEntry) throws(PipelineFailure) -> NewOptOut {
        let who = try Who(customer: line.customer, user: line.person, plan, hasher)
        return NewOptOut(
            subject: who.hash, within: who.within,
            basis: plan.release.optOutBasis == .event ? .event : .use,
            effective: line.effective, withdrawn: line.withdrawn,
            scopes: Self.scopes(line.scope, plan.purposes))
    }

    /// The words for a scope: what `*` reaches is written `*`.
    static func scopes(_ effect: OptOutEffect, _ table: PurposeTable) -> [NewOptOut.Scope] {
        var scopes: [NewOptOut.Scope] = []
        let usual = OptOutEffect(purposes: table.optedOutByDefault, categories: .all)
        var rest = effect
        if effect.isSuperset(of: usual) {
            scopes.append(NewOptOut.Scope(purpose: "*", category: "*"))
            rest.subtract(usual)
        }
        for name in table.names {
            guard let purpose = table[name] else { continue }
            let categories = rest.categories(barredFor: purpose)
            if categories == .all {
                scopes.append(NewOptOut.Scope(purpose: name, category: "*"))
                continue
            }
            for category in Category.allCases where categories.contains(category) {
                scopes.append(NewOptOut.Scope(purpose: name, category: category.rawValue))
            }
        }
        return scopes
    }
}

extension OptOutMaking {
    /// Whom an entry names.
    struct Who {
        let hash: SubjectHash
        let within: Digest256?

        init(
            _ subject: OptOutSubject, _ plan: Plan, _ hasher: SubjectHasher
        ) throws(PipelineFailure) {
            try self.init(
                customer: subject.customer.map { Array($0.utf8) },
                user: subject.user.map { Array($0.utf8) }, plan, hasher)
        }

        init(
            customer: [UInt8]?, user: [UInt8]?, _ plan: Plan, _ hasher: SubjectHasher
        ) throws(PipelineFailure) {
            if customer != nil, plan.release.customerSlot == nil { throw Self.unnamed("customer") }
            if user != nil, plan.release.personSlot == nil { throw Self.unnamed("user") }
            let customerHash = try customer.map { value throws(PipelineFailure) in
                try Self.hash(.customer, value, hasher)
            }
            guard let user else {
                guard let customerHash else {
                    throw .usage("expected --customer, --user, or both")
                }
                hash = customerHash
                within = nil
                return
            }
            hash = try Self.hash(.user, user, hasher)
            within = customerHash?.digest
        }

        private static func hash(
            _ kind: SubjectKind, _ value: [UInt8], _ hasher: SubjectHasher
        ) throws(PipelineFailure) -> SubjectHash {
            guard let hash = hasher.hash(kind, writtenAs: value.span) else {
                throw .usage("--\(kind.rawValue): expected an identifier that is not empty")
            }
            return hash
        }

        private static func unnamed(_ kind: String) -> PipelineFailure {
            .usage(
                "--\(kind): the pipeline names no `identity.\(kind)`, so no record could be found")
        }
    }
}
