internal import Anonymization
internal import KeyedHashing
internal import Records

/// By what a plan is told apart from what the same pipeline file said before.
extension Plan {
    /// Notes the digests of what counts, of the store's rules and of each rule; `root` is what the
    /// file says.
    mutating func noteDigests(of root: Setting, _ specification: PipelineSpecification) {
        statisticsDigest = root.counted(by: self).digest(
            of: [
                "statistics", "identity", "derive", "fields", "zone", "purposes", "source",
            ],
            // What is shown of the counts, and where, changes nothing in them.
            without: ["path", "suppression", "noise", "export"],
            // These are not written there: another sluice may count others beside the same file.
            beside: partsText)
        let sections = [
            "identity", "fields", "others", "window", "zone", "skew", "source", "delete", "tables",
        ]
        store?.rules = root.digest(of: sections, beside: release.zone.written)
        store?.rulesBefore = root.digest(of: sections)
        // Only what is remembered is ever held against other rules.
        guard state != nil else { return }
        noteRules(
            specification,
            context: root.digest(
                of: ["zone", "source"], without: ["files", "stream", "limits"]))
    }

    /// Notes the rules of the store and the outputs, field by field.
    private mutating func noteRules(
        _ specification: PipelineSpecification, context: Digest256
    ) {
        let storeRules = RuleBook(ofStore: specification, self, context: context)
        let storeDigests = RuleBook.digests(specification, self)
        store?.fieldRules = storeRules
        store?.ruleDigests = storeDigests
        for index in outputs.indices {
            let rules = RuleBook(ofOutput: index, specification, self, context: context)
            let digests = RuleBook.digests(specification, self, output: index)
            outputs[index].rules = rules
            outputs[index].ruleDigests = digests
        }
    }

    /// The fields whose values and rules decide what the statistics count.
    fileprivate var countedFieldNames: Set<String> {
        let names = release.fields.names
        let texts = release.observations.texts.map { input in
            switch input.source {
            case .slot(let slot): slot
            case .derived(let index): release.derived[index].slot
            }
        }
        let slots =
            texts + release.observations.tokens.map(\.slot) + release.derived.map(\.slot)
            + [release.customerSlot, release.personSlot, release.timeSlot].compactMap { $0 }
        return Set(slots.filter(names.indices.contains).map { names[$0] })
    }
}

extension Setting {
    /// What is left without all that decides no count: which files are read and how much of them,
    /// rules of fields that no statistic of `plan` reads, and the order of the keys of both.
    fileprivate func counted(by plan: Plan) -> Setting {
        guard case .mapping(let members, let position) = self else { return self }
        let read = plan.countedFieldNames
        let kept = members.map { member in
            guard case .mapping(let inner, let place) = member.value else { return member }
            var member = member
            switch member.key {
            case "fields":
                member.value = .mapping(
                    inner.filter { read.contains($0.key) }.sorted { $0.key < $1.key }, place)
            case "source":
                let rest = member.value.withoutMembers(["files", "stream", "limits"])
                guard case .mapping(let inner, _) = rest else { return member }
                member.value = .mapping(inner.sorted { $0.key < $1.key }, place)
            default: break
            }
            return member
        }
        return .mapping(kept, position)
    }

    /// The digest of some sections, however they are laid out; `source`, and the items of
    /// `statistics`, without some of their keys; `more` is part of it, too.
    fileprivate func digest(
        of sections: [String], without keys: [String] = [], beside more: String = ""
    ) -> Digest256 {
        var text: [UInt8] = []
        if case .mapping(let members, _) = self {
            for section in sections {
                for member in members where member.key == section {
                    let value =
                        section == "statistics" || !keys.isEmpty && section == "source"
                        ? member.value.withoutMembers(keys) : member.value
                    text += Array("\(section) ".utf8) + value.canonicalBytes
                }
            }
        }
        text += Array(more.utf8)
        return Digest256.of(text.span)
    }

    /// A mapping, or a list whose mappings, without some keys; anything else as it is.
    fileprivate func withoutMembers(_ keys: [String]) -> Setting {
        if case .mapping(let members, let position) = self {
            return .mapping(members.filter { !keys.contains($0.key) }, position)
        }
        guard case .list(let items, let position) = self else { return self }
        let rest = items.map { item -> Setting in
            guard case .mapping(let members, let position) = item else { return item }
            return .mapping(members.filter { !keys.contains($0.key) }, position)
        }
        return .list(rest, position)
    }
}
