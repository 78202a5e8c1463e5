internal import Anonymization
package import Records

/// The checks of statistics and disclosures.
extension SpecificationChecks {
    func checkTables() {
        let ruled = specification.fields.map(\.field.value)
        let derived = specification.derived.map(\.name.value)
        for (index, statistic) in specification.statistics.enumerated() {
            let path = "statistics[\(index + 1)]"
            checkColumns(statistic.keys, statistic.measures, path: path)
            checkKeys(
                statistic.keys,
                known: ruled + derived,
                purpose: statistic.purpose,
                path: path,
                expected: "a field with a rule under `fields`, or a derived one"
            )
            if let suppression = statistic.suppression, suppression.of.value == .count,
                specification.publish != nil
            {
                faults.add(
                    "found a threshold on counts, expected `persons`: `publish` takes no table "
                        + "without a threshold on persons",
                    at: suppression.of.position,
                    path: "\(path).suppression.of"
                )
            }
        }
        let readable =
            ruled + derived + specification.identity.roles.map(\.field.value)
            + [specification.source.time?.field?.value].compactMap { $0 }
        for (index, disclosure) in specification.disclosures.enumerated() {
            let path = "disclosures[\(index + 1)]"
            checkColumns(disclosure.keys, disclosure.measures, path: path)
            checkPersons(disclosure, path: path)
            checkKeys(
                disclosure.keys,
                known: readable,
                purpose: disclosure.purpose,
                path: path,
                expected: "a field named under `fields`, `derive` or `identity`"
            )
        }
    }

    /// A file that is named after a person says who it was about as long as it is called back: its
    /// terms stay when an erasure or an opt-out has taken the file itself away.
    private func checkPersons(_ disclosure: DisclosureSpecification, path: String) {
        let placeholders = disclosure.path.value.placeholders
        guard let person = placeholders.first(where: namesPersons) else { return }
        let wayOut =
            isPerson(person)
            ? "" : ", or `identifier: false` under its rule if it singles nobody out"
        faults.add(
            "found `{\(person)}`, which names files after persons, expected persons in rows only"
                + wayOut,
            at: disclosure.path.position, path: "\(path).path")
    }

    /// True for the user, an address, and a field whose rule says that it singles somebody out;
    /// customers and their partners are whom reports are for.
    private func namesPersons(_ field: String) -> Bool {
        func isIt(_ other: String) -> Bool { other.utf8.elementsEqual(field.utf8) }
        let identity = specification.identity
        if isPerson(field) { return true }
        let companies = [identity.customer, identity.client, identity.partner].compactMap { $0 }
        if companies.contains(where: { isIt($0.value) }) { return false }
        guard let rule = specification.fields.first(where: { isIt($0.field.value) }) else {
            return false
        }
        let transform = rule.transform?.name.value ?? ""
        return rule.identifier?.value ?? Self.ofIdentifiers.contains(transform)
    }

    /// True for the user and an address of `identity`, whatever their rules say.
    private func isPerson(_ field: String) -> Bool {
        let identity = specification.identity
        let persons = [identity.user].compactMap { $0 } + identity.addresses
        return persons.contains { $0.value.utf8.elementsEqual(field.utf8) }
    }

    /// The transforms that are made for what singles a person out.
    private static let ofIdentifiers: Set<String> = [
        "email", "encrypt_ip", "hmac_sha256", "pseudonymize", "truncate_ip",
    ]

    private func checkColumns(_ keys: [GroupKey], _ measures: [MeasureColumn], path: String) {
        let names = keys.compactMap(\.plainName)
        for measure in measures where names.contains(measure.name.value) {
            faults.add(
                "found the name of a column of `by` again, expected a name of its own",
                at: measure.name.position,
                path: "\(path).measures.\(measure.name.value)"
            )
        }
    }

    private func checkKeys(
        _ keys: [GroupKey],
        known: [String],
        purpose: Marked<String>?,
        path: String,
        expected: String
    ) {
        var seen: Set<String> = []
        for key in keys {
            guard let name = key.plainName else { continue }
            let position = key.position
            if !seen.insert(name).inserted {
                faults.add(
                    "found `\(name)` again, expected each key once",
                    at: position,
                    path: "\(path).by"
                )
            }
            guard case .field = key else { continue }
            if !known.contains(name) {
                faults.add(
                    "unknown field `\(name)`, expected `month`, `day`, `hour`, or \(expected)",
                    at: position,
                    path: "\(path).by",
                    suggestion: nearestName(
                        to: name,
                        among: known + TimeUnit.allCases.map(\.rawValue)
                    )
                )
            } else if let purpose, purpose.isWritten,
                let refusal = refusal(field: name, own: nil, purpose: purpose.value)
            {
                faults.add(refusal, at: position, path: "\(path).by")
            }
        }
    }
}

extension GroupKey {
    /// Where the key stands.
    package var position: SettingPosition {
        switch self {
        case .time(let unit): unit.position
        case .field(let name): name.position
        case .dimension(let dimension): dimension.name.position
        }
    }
}
