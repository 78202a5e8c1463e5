internal import Anonymization
package import Records

extension PipelineSpecification {
    /// Holds the parts of the file against each other; what needs a catalogue or the world is left
    /// to planning.
    func check(faults: Faults) {
        let checks = SpecificationChecks(specification: self, faults: faults)
        checks.checkNames()
        checks.checkTargets()
        checks.checkPurposes()
        checks.checkIdentity()
        checks.checkDerived()
        checks.checkRules()
        checks.checkTables()
        checks.checkLookUps()
        checks.checkTests()
    }
}

/// The checks between parts of one pipeline file.
struct SpecificationChecks {
    let specification: PipelineSpecification
    let faults: Faults

    // MARK: Names and targets

    fileprivate func checkNames() {
        let parts =
            specification.outputs.map(\.name) + specification.disclosures.map(\.name)
            + specification.statistics.map(\.name)
        checkUnique(parts.filter(\.isWritten), what: "name of an output, disclosure or statistic")
        if specification.store != nil,
            let output = parts.first(where: { $0.value == PipelineSpecification.storeName })
        {
            faults.add(
                "found the name that tests know the store by, expected another one",
                at: output.position,
                path: "name"
            )
        }
        checkUnique(specification.tests.map(\.name), what: "name of a test")
    }

    private func checkUnique(_ names: [Marked<String>], what: String) {
        var lines: [String: Int] = [:]
        for name in names.sorted(by: { $0.position < $1.position }) {
            if let line = lines[name.value] {
                faults.add(
                    "found `\(name.value)` again, expected each \(what) once; it is already on"
                        + " line \(line)",
                    at: name.position,
                    path: "name"
                )
            } else {
                lines[name.value] = name.position.line
            }
        }
    }

    /// Two results must not be written over each other.
    fileprivate func checkTargets() {
        let targets =
            specification.outputs.map(\.path) + specification.disclosures.map(\.path)
            + specification.statistics.compactMap(\.path)
        var lines: [String: Int] = [:]
        for target in targets.filter(\.isWritten).sorted(by: { $0.position < $1.position })
        where !target.value.placeholders.contains("name") {
            if let line = lines[target.value.text] {
                faults.add(
                    target.value.isStandardOutput
                        ? "found `-` again, expected at most one result on standard output"
                        : "found the same path again, expected one of its own; it is already on"
                            + " line \(line)",
                    at: target.position,
                    path: "path"
                )
            } else {
                lines[target.value.text] = target.position.line
            }
        }
    }

    // MARK: Purposes

    private var purposeNames: [String] {
        PurposeTable.builtIn + specification.purposes.map(\.value)
    }

    fileprivate func checkPurposes() {
        for purpose in specification.purposes
        where PurposeTable.builtIn.contains(purpose.value) {
            faults.add(
                "found a built-in purpose, expected only purposes beyond "
                    + alternatives(PurposeTable.builtIn),
                at: purpose.position,
                path: "purposes"
            )
        }
        for (index, output) in specification.outputs.enumerated() {
            checkPurpose(output.purpose, path: "outputs[\(index + 1)].purpose")
            checkPurposes(of: output.fields, path: "outputs[\(index + 1)].fields")
        }
        for (index, disclosure) in specification.disclosures.enumerated() {
            guard let purpose = disclosure.purpose else { continue }
            checkPurpose(purpose, path: "disclosures[\(index + 1)].purpose")
        }
        for (index, statistic) in specification.statistics.enumerated() {
            checkPurpose(statistic.purpose, path: "statistics[\(index + 1)].purpose")
        }
        checkPurposes(of: specification.fields, path: "fields")
    }

    private func checkPurposes(of rules: [FieldRule], path: String) {
        for rule in rules {
            for purpose in rule.purposes ?? [] {
                checkPurpose(purpose, path: "\(path).\(rule.field.value).purposes")
            }
        }
    }

    private func checkPurpose(_ purpose: Marked<String>, path: String) {
        guard purpose.isWritten, !purposeNames.contains(purpose.value) else { return }
        faults.add(
            "unknown purpose `\(purpose.value)`, expected \(alternatives(purposeNames)), or one"
                + " declared under `purposes`",
            at: purpose.position,
            path: path,
            suggestion: nearestName(to: purpose.value, among: purposeNames)
        )
    }

    /// Why data of `field` may not be used for `purpose`; nil when it may.
    ///
    /// What an output's own rule says goes before what the pipeline's rule says.
    private func refusal(
        field: String,
        own: FieldRule?,
        purpose: String
    ) -> String? {
        let base = specification.fields.first { $0.field.value == field }
        let category = own?.category ?? base?.category
        let limited = PurposeTable.builtIn(in: .limitedProduction)
        if let category, category.value == .limitedProduction, !limited.contains(purpose) {
            return "found a field of category `\(category.value.rawValue)`, which may be used for "
                + "\(alternatives(limited)) only"
        }
        let declared = own?.purposes ?? base?.purposes
        if let declared, !declared.contains(where: { $0.value == purpose }) {
            return "found a field whose own `purposes` do not include the purpose of this part"
        }
        return nil
    }

    // MARK: Fields

    fileprivate func checkIdentity() {
        var roles: [String: String] = [:]
        for (role, field) in specification.identity.roles {
            if let other = roles[field.value] {
                faults.add(
                    "found the field of `\(other)` again, expected a field of its own",
                    at: field.position,
                    path: "identity.\(role)"
                )
            } else {
                roles[field.value] = role
            }
        }
    }

    fileprivate func checkDerived() {
        let names = specification.derived.map(\.name.value)
        for field in specification.derived where names.contains(field.source.value) {
            faults.add(
                "found a derived field, expected a field of the source",
                at: field.source.position,
                path: "derive.\(field.name.value)"
            )
        }
    }

    fileprivate func checkRules() {
        for rule in specification.fields {
            checkKeep(rule, path: "fields.\(rule.field.value)")
        }
        for (index, output) in specification.outputs.enumerated() {
            for rule in output.fields {
                let path = "outputs[\(index + 1)].fields.\(rule.field.value)"
                checkKeep(rule, path: path)
                guard output.purpose.isWritten, rule.transform?.name.value != "drop",
                    let refusal = refusal(
                        field: rule.field.value,
                        own: rule,
                        purpose: output.purpose.value
                    )
                else { continue }
                faults.add(refusal, at: rule.field.position, path: path)
            }
        }
    }

    /// A rule says what happens to a due value, and a due identifier must not stay readable.
    private func checkKeep(_ rule: FieldRule, path: String) {
        guard let transform = rule.transform, transform.name.value == "keep" else { return }
        let base = specification.fields.first { $0.field.value == rule.field.value }
        let role = specification.identity.roles.first { $0.field.value == rule.field.value }?.role
        let isDeclared = (rule.identifier ?? base?.identifier)?.value == true
        guard role != nil || isDeclared else { return }
        let what = role.map { "`identity.\($0)`" } ?? "declared as an identifier"
        faults.add(
            "found `keep` on a field that is \(what), expected a rule that does not leave it "
                + "readable once it is due, such as `pseudonymize` or `drop`",
            at: transform.name.position,
            path: path
        )
    }

    // MARK: Tables

    fileprivate func checkTables() {
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

    // MARK: Reference tables

    fileprivate func checkLookUps() {
        checkUnique(specification.tables.map(\.name), what: "name of a table")
        let names = specification.tables.map(\.name.value)
        for look in specification.clocks.flatMap(\.sources) {
            guard case .table(let lookUp) = look, !names.contains(lookUp.table.value) else {
                continue
            }
            faults.add(
                "unknown table `\(lookUp.table.value)`, expected "
                    + (names.isEmpty ? "one declared under `tables`" : alternatives(names)),
                at: lookUp.table.position,
                path: "tables",
                suggestion: nearestName(to: lookUp.table.value, among: names)
            )
        }
        for table in specification.tests.flatMap(\.tables)
        where !names.contains(table.name.value) {
            faults.add(
                "unknown table `\(table.name.value)`, expected "
                    + (names.isEmpty ? "none: the pipeline has none" : alternatives(names)),
                at: table.name.position,
                path: "tests.tables",
                suggestion: nearestName(to: table.name.value, among: names)
            )
        }
    }

    // MARK: Tests

    /// What the pipeline has of the parts that a test may expect a text of.
    private func names(of kind: ExpectedText.Kind) -> [String] {
        let names =
            switch kind {
            case .output: specification.outputs.map(\.name)
            case .disclosures: specification.disclosures.map(\.name)
            case .statistics: specification.statistics.map(\.name)
            }
        let own = names.filter(\.isWritten).map(\.value)
        let hasStore = kind == .output && specification.store != nil
        return hasStore ? own + [PipelineSpecification.storeName] : own
    }

    fileprivate func checkTests() {
        for test in specification.tests {
            for result in test.results {
                let known = names(of: result.kind)
                if known.contains(result.name.value) { continue }
                faults.add(
                    "unknown name `\(result.name.value)`, expected "
                        + (known.isEmpty ? "none: the pipeline has none" : alternatives(known)),
                    at: result.name.position,
                    path: "tests.\(result.kind.rawValue)",
                    suggestion: nearestName(to: result.name.value, among: known)
                )
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
