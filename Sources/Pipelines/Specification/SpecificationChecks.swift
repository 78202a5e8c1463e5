internal import Anonymization
internal import Records

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
        checks.checkUnruled()
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
    func refusal(
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
        for field in specification.derived {
            checkReadable(
                field.transform, of: field.source.value, isDeclared: nil,
                path: "derive.\(field.name.value)"
            )
        }
    }

    fileprivate func checkRules() {
        for rule in specification.fields {
            checkReadable(rule, path: "fields.\(rule.field.value)")
        }
        for (index, output) in specification.outputs.enumerated() {
            for rule in output.fields {
                let path = "outputs[\(index + 1)].fields.\(rule.field.value)"
                checkReadable(rule, path: path)
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

    /// A rule says what happens to a due value, and a due identifier must not stay readable:
    /// neither as it is, nor where a transform that looks for forms finds none in it.
    private func checkReadable(_ rule: FieldRule, path: String) {
        guard let transform = rule.transform else { return }
        checkReadable(
            transform, of: rule.field.value, isDeclared: rule.identifier?.value, path: path)
    }

    /// The same for what is made of `field`, which a rule may declare as an identifier.
    private func checkReadable(
        _ transform: NamedOptions, of field: String, isDeclared: Bool?, path: String
    ) {
        let name = transform.name.value
        let traits = TransformCatalogue.all.first { $0.name == name }?.traits ?? []
        let leavesUnfound = traits.contains(.leavesUnfound)
        guard name == "keep" || leavesUnfound else { return }
        let base = specification.fields.first { $0.field.value == field }
        let role = specification.identity.identifiers.first { $0.field.value == field }?.key
        guard role != nil || (isDeclared ?? base?.identifier?.value) == true else { return }
        let what = role.map { "`identity.\($0)`" } ?? "declared as an identifier"
        faults.add(
            "found `\(name)` on a field that is \(what), expected a rule that does not leave it "
                + "readable once it is due, such as `pseudonymize` or `drop`"
                + (leavesUnfound
                    ? ": what it does not find in a value stays; for addresses take `truncate_ip`, "
                        + "where people are told apart `pseudonymize`" : ""),
            at: transform.name.position,
            path: path
        )
    }

    /// Where everything stays that no rule names, what identifies somebody would stay readable for
    /// want of a rule.
    fileprivate func checkUnruled() {
        for (key, field) in specification.identity.identifiers {
            var places = specification.outputs.filter { leavesUnruled(field.value, $0) }
                .map { "`\($0.name.value)`" }
            if specification.store != nil, keepsUnnamed(specification.others),
                !isNamed(field.value, in: specification.fields)
            {
                places.append("the store")
            }
            if places.isEmpty { continue }
            faults.add(
                "found no rule for `\(field.value)`, which `others: keep-everything` leaves "
                    + "readable in \(places.joined(separator: ", ")), expected one that does not "
                    + "once it is due, such as `pseudonymize` or `drop`",
                at: field.position, path: "identity.\(key)")
        }
    }

    private func leavesUnruled(_ field: String, _ output: OutputSpecification) -> Bool {
        guard keepsUnnamed(output.others ?? specification.others),
            !isNamed(field, in: output.fields + specification.fields)
        else { return false }
        // In a format of its own an output has the columns that it names.
        guard let columns = output.columns else { return output.format == nil }
        return columns.contains { $0.value.utf8.elementsEqual(field.utf8) }
    }

    private func keepsUnnamed(_ others: Marked<OtherFields>) -> Bool {
        others.value == .keepEverything
    }

    private func isNamed(_ field: String, in rules: [FieldRule]) -> Bool {
        rules.contains { $0.field.value.utf8.elementsEqual(field.utf8) }
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
