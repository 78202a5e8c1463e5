package import Publication
package import Records

/// How well persons must hide among each other in the rows of an output.
package struct RiskSpecification: Sendable, Equatable {
    /// Where the block stands.
    package let position: SettingPosition
    /// The field that tells whose a row is; nil, with a fault, when it is missing.
    package let person: Marked<String>?
    /// What outsiders may know of a person.
    package let quasiIdentifiers: [Marked<String>]
    /// The fewest persons of a class; nil for rows that are only measured.
    package let persons: Marked<Int>?
    /// What must not be known of everybody in a class.
    package let sensitive: Marked<String>?
    /// The fewest different values of it in a class.
    package let values: Marked<Int>?
    /// What is made coarser, in this order, until enough persons are in every class.
    package let ladder: [Step]
    /// How many of a million rows may be removed instead; none unless written.
    package let removed: Marked<Int>?
    /// Whether the field of the person is emptied once the rows are measured.
    package let dropsPerson: Marked<Bool>

    /// One step of the ladder.
    package struct Step: Sendable, Equatable {
        package let field: Marked<String>
        package let change: Generalisation
    }
}

extension RiskSpecification {
    static func decode(
        _ setting: Setting, path: String, _ context: DecodingContext
    ) -> RiskSpecification {
        let section = SectionReader(setting, PipelineReference.risk, path: path, context)
        let quasi = section.required("quasi_identifiers").map {
            context.texts($0, path: section.path("quasi_identifiers"))
        }
        let ladder = section.optional("ladder").map(context.items) ?? []
        let risk = RiskSpecification(
            position: section.position, person: section.requiredText("person"),
            quasiIdentifiers: quasi ?? [], persons: section.integer("persons", in: 2...1_000_000),
            sensitive: section.text("sensitive"),
            values: section.integer("values", in: 2...1_000_000),
            ladder: ladder.compactMap {
                Step.decode($0, path: section.path("ladder"), context)
            },
            removed: section.share("remove", context),
            dropsPerson: section.flag("drop_person") ?? .standard(false))
        section.finish()
        risk.check(path, context.faults)
        return risk
    }

    private func check(_ path: String, _ faults: Faults) {
        if persons == nil, let asked = sensitive?.position ?? values?.position
            ?? ladder.first?.field.position ?? removed?.position
        {
            faults.add(
                "nothing is demanded of the rows: expected `persons`, or nothing but `person` and "
                    + "`quasi_identifiers`", at: asked, path: path)
        }
        if (sensitive == nil) != (values == nil) {
            faults.add(
                "expected `sensitive` and `values` together, or neither",
                at: sensitive?.position ?? values?.position ?? position, path: path)
        }
    }
}

extension RiskSpecification.Step {
    /// `{ ts: month }` or `{ ip: "/16,/32" }`.
    fileprivate static func decode(
        _ setting: Setting, path: String, _ context: DecodingContext
    ) -> RiskSpecification.Step? {
        guard case .mapping(let members, _) = setting, members.count == 1,
            let change = context.text(members[0].value, path: path)
        else {
            context.faults.add(
                "expected a step such as `{ ts: month }`", at: setting.position, path: path)
            return nil
        }
        guard let found = Generalisation(word: change.value) else {
            context.faults.add(
                "expected \(alternatives(Generalisation.words)), or bits such as `/16,/32`",
                at: change.position, path: path,
                suggestion: nearestName(to: change.value, among: Generalisation.words))
            return nil
        }
        return RiskSpecification.Step(
            field: Marked(members[0].key, at: members[0].keyPosition), change: found)
    }
}

extension Generalisation {
    /// The words of pipeline files; addresses have numbers of bits instead.
    static let words = ["hour", "day", "month", "year", "language", "drop"]

    /// Reads a word, or `/16,/32`: the bits kept of IPv4 and IPv6.
    init?(word: String) {
        switch word {
        case "hour": self = .hour
        case "day": self = .day
        case "month": self = .month
        case "year": self = .year
        case "language": self = .primaryLanguage
        case "drop": self = .drop
        default:
            let bits = word.split(separator: ",", omittingEmptySubsequences: false).map {
                part -> Int? in
                part.utf8.first == UInt8(ascii: "/") ? Int(part.dropFirst()) : nil
            }
            guard bits.count == 2, let ipv4 = bits[0], let ipv6 = bits[1],
                let prefix = Generalisation.prefixChecked(ipv4: ipv4, ipv6: ipv6)
            else { return nil }
            self = prefix
        }
    }
}
