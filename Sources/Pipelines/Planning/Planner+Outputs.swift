internal import Anonymization
internal import KeyedHashing
internal import LogFormats
internal import Records

extension Planner {
    /// An output as the runner and as the releasing module see it.
    struct PlannedOutput {
        var plan: OutputPlan
        var release: OutputReleasePlan
    }

    func makeOutput(
        _ output: OutputSpecification, number: Int,
        derived: [(name: String, field: Anonymization.DerivedField)]
    ) -> PlannedOutput? {
        let path = "outputs[\(number)]"
        guard let purpose = purposes[output.purpose.value] else { return nil }
        var target = format
        if let options = output.format {
            guard let resolved = resolveFormat(options, path: "\(path).format") else { return nil }
            target = resolved
        }
        checkReadable(output, path)
        let keepsUnnamed =
            (output.others ?? specification.others).value == .keepEverything
        for rule in output.fields { slot(rule.field, path: "\(path).fields") }
        let rules = register.names.map {
            rule(of: $0, output: output, purpose: purpose, keepsUnnamed: keepsUnnamed, path: path)
        }
        let isSpliced =
            output.columns == nil && sameText(target.name, format.name) && output.format == nil
            && (target.quoteRule != .ifPresent || keepsUnnamed)
        let columns = isSpliced ? nil : columnNames(output, derived, target, path)
        checkUnnamed(output, keepsUnnamed && !isSpliced, path)
        checkElements(output, target, columns ?? [], path)
        if isSpliced {
            checkParts(output, path)
            checkTextBeyondFields(output.others, at: output.name.position, path)
        }
        checkAgeable(output, columns, path)
        var release = OutputReleasePlan(
            name: output.name.value, purpose: purpose, showsWindow: output.isReadableInWindow,
            mode: isSpliced ? .spliced : .columns, syntax: format.syntax,
            keepsUnnamed: keepsUnnamed, rules: coveringRequests(rules, isSpliced),
            appended: isSpliced && format.quoteRule == .always ? appendedKeys(derived) : [],
            columns: (columns ?? []).compactMap { source($0, derived, output) },
            readableClock: bit(output.safeguards?.deleteAfter) ?? DueSet(rawValue: 1),
            expiryClock: bit(output.expires))
        var written = specification.state == nil ? target : target.storedFormat
        if !isSpliced { written = written.columnFormat }
        if !isSpliced, !written.oddBytesRefused.isDisjoint(with: format.oddBytes) {
            release.escapesBytes = true
            written = EscapedFormat(written)
        }
        var plan = makePlan(output, written, columns, isSpliced)
        plan.risk = makeRisk(output, target, columns, path)
        return PlannedOutput(
            plan: plan,
            release: withDependences(release, output, columns, path))
    }

    /// Readable data for a purpose beyond the built-in ones is possible, and must be said twice.
    private func checkReadable(_ output: OutputSpecification, _ path: String) {
        guard output.isReadableInWindow, !PurposeTable.builtIn.contains(output.purpose.value),
            !specification.acknowledged.contains(where: { $0.value == .readableWindow })
        else { return }
        faults.add(
            "readable in the window for a purpose of its own: expected `security` or `compliance`, "
                + "or `acknowledge: [readable-window]` in the pipeline",
            at: output.purpose.position, path: "\(path).purpose")
    }

    /// Readable records that a run keeps are read again to be aged, by their time.
    private func checkAgeable(
        _ output: OutputSpecification, _ columns: [String]?, _ path: String
    ) {
        guard output.isReadableInWindow, specification.state != nil else { return }
        for time in timeFields {
            checkAgeable(output, columns, by: time, path)
            checkTold(output, by: time, path)
        }
    }

    private func checkAgeable(
        _ output: OutputSpecification, _ columns: [String]?, by time: String, _ path: String
    ) {
        let own = output.fields.first { $0.field.value == time }
        if let own, let transform = own.transform, transform.name.value != "keep" {
            faults.add(
                "`\(time)` is changed in an output that is readable in the window: expected it as "
                    + "it is, because a later run ages the records by it",
                at: own.field.position, path: "\(path).fields")
        }
        if let columns, !columns.contains(time) {
            faults.add(
                "an output that is readable in the window lacks `\(time)`: expected it among the "
                    + "columns, because a later run ages the records by it",
                at: output.columns?.first?.position ?? output.name.position,
                path: "\(path).columns")
        }
    }

    /// A time that goes once it is due must be told by the file, or nobody knows any more what was
    /// done to a record, and everything is done to it once more.
    private func checkTold(_ output: OutputSpecification, by time: String, _ path: String) {
        guard !output.path.value.placeholders.contains("date") else { return }
        let rule = (output.fields + specification.fields).first { $0.field.value == time }
        let keepsUnnamed = (output.others ?? specification.others).value == .keepEverything
        let isKept = rule.map { $0.transform?.name.value == "keep" } ?? keepsUnnamed
        guard !isKept else { return }
        faults.add(
            "`\(time)` does not stay as it is in an output that is readable in the window: "
                + "expected `\(time): keep` or `{date}` in `path`, because a later run has to "
                + "know the day of each record", at: rule?.field.position ?? output.path.position,
            path: "\(path).path")
    }

    private func makePlan(
        _ output: OutputSpecification, _ target: any LogFormat, _ columns: [String]?,
        _ isSpliced: Bool
    ) -> OutputPlan {
        let path = PathTemplate(world.resolve(output.path.value.text)) ?? output.path.value
        let isCompressed = output.gzip != nil || output.path.value.text.hasSuffix(".gz")
        return OutputPlan(
            name: output.name.value, purpose: output.purpose.value, path: path, format: target,
            writer: isSpliced
                ? target.splicedWriter() : target.columnWriter(columns: columns ?? []),
            columns: columns,
            gzipLevel: isCompressed ? output.gzip?.value ?? 6 : nil,
            recipients: output.recipients.map(\.value.rawValue),
            readers: (output.readers + (output.safeguards?.readers ?? [])).map(\.value),
            expires: output.expires?.value,
            showsWindow: output.isReadableInWindow)
    }

    private func sameText(_ left: String, _ right: String) -> Bool {
        left.utf8.elementsEqual(right.utf8)
    }

    /// The clock that starts at the event and has this length.
    private func bit(_ length: Marked<CalendarDuration>?) -> DueSet? {
        length.flatMap { clocks?.bit(of: RetentionClock(start: .event, length: $0.value)) }
    }

    /// The columns that the output names, or else all named and derived fields in file order, as
    /// `target` can write them.
    private func columnNames(
        _ output: OutputSpecification,
        _ derived: [(name: String, field: Anonymization.DerivedField)], _ target: any LogFormat,
        _ path: String
    ) -> [String] {
        let columns = output.columns ?? namedColumns(output, derived)
        do { return try target.arranged(columns: columns.map(\.value)) } catch {
            let second = columns.last { sameText($0.value, error.second) }
            faults.add(
                "column `\(error.second)` would be written where `\(error.first)` is: expected "
                    + "columns of which none lies inside another",
                at: second?.position ?? output.name.position, path: "\(path).columns")
            return columns.map(\.value)
        }
    }

    private func namedColumns(
        _ output: OutputSpecification,
        _ derived: [(name: String, field: Anonymization.DerivedField)]
    ) -> [Marked<String>] {
        var names = specification.fields.map(\.field)
        for rule in output.fields where !names.contains(where: { $0.value == rule.field.value }) {
            names.append(rule.field)
        }
        return names + derived.map { Marked($0.name, at: output.name.position) }
    }

    /// An output that is not copied from its source has columns, and knows no unnamed field.
    private func checkUnnamed(_ output: OutputSpecification, _ isInVain: Bool, _ path: String) {
        guard isInVain, output.columns == nil else { return }
        let others = output.others ?? specification.others
        faults.add(
            "`keep-everything` in an output with a format of its own, which has only the fields "
                + "that are named: expected `columns` in the output, or no `format`",
            at: others.isWritten ? others.position : output.name.position,
            path: output.others == nil ? "others" : "\(path).others")
    }

    /// What belongs to no field cannot be dropped, so a pipeline must not say that it is.
    func checkTextBeyondFields(
        _ own: Marked<OtherFields>?, at position: SettingPosition, _ path: String
    ) {
        let others = own ?? specification.others
        guard format.hasTextBeyondFields, others.value == .drop else { return }
        faults.add(
            "records of `\(format.name)` have text that is no field and cannot be dropped: "
                + "expected `others: keep-everything`, or a `format` of its own for the output",
            at: others.isWritten ? others.position : position,
            path: own == nil ? "others" : "\(path).others")
    }

    /// A column holds one value, and in JSON stands under a name without elements.
    private func checkElements(
        _ output: OutputSpecification, _ target: any LogFormat, _ columns: [String], _ path: String
    ) {
        for column in columns {
            guard let field = JSONFieldPath(column), field.hasElements else { continue }
            if format.quoteRule == .always, field.isRepeated {
                notes.append(
                    "\(output.name.value): of several values of `\(column)` a column holds the "
                        + "first")
            }
            guard target.quoteRule == .always, specification.state != nil else { continue }
            let mark = output.columns?.last { sameText($0.value, column) }
            faults.add(
                "column `\(column)` would be written under another name, by which no later run "
                    + "finds it: expected columns without `[` in JSON, another format, or no "
                    + "`state`",
                at: mark?.position ?? output.name.position, path: "\(path).columns")
        }
    }

    /// Rules for a field and for a part of it would claim the same bytes.
    private func checkParts(_ output: OutputSpecification, _ path: String) {
        let named = (specification.fields + output.fields).map(\.field)
        for whole in named {
            let parts = format.parts(of: whole.value)
            guard let part = named.last(where: { parts.contains($0.value) }) else { continue }
            faults.add(
                "`\(part.value)` is a part of `\(whole.value)`, which has a rule too: expected "
                    + "rules for the whole or for its parts",
                at: part.position, path: "\(path).fields")
        }
    }

    private func source(
        _ column: String, _ derived: [(name: String, field: Anonymization.DerivedField)],
        _ output: OutputSpecification
    ) -> OutputReleasePlan.Source? {
        if let index = derived.firstIndex(where: { $0.name == column }) { return .derived(index) }
        if let slot = register.names.firstIndex(of: column) { return .slot(slot) }
        let mark = output.columns?.first { $0.value == column }
        faults.add(
            "no field or derived field is called `\(column)`", at: mark?.position ?? .none,
            path: "outputs.columns",
            suggestion: nearestName(to: column, among: register.names + derived.map(\.name)))
        return nil
    }

    private func appendedKeys(
        _ derived: [(name: String, field: Anonymization.DerivedField)]
    ) -> [(derived: Int, key: [UInt8])] {
        derived.enumerated().map { index, field in
            (index, Array(",".utf8) + jsonKey(field.name))
        }
    }

    // MARK: Rules

    /// What becomes of the field `name` in `output`: the output's own rule, the pipeline's, or what
    /// holds for unnamed fields.
    private func rule(
        of name: String, output: OutputSpecification, purpose: Purpose,
        keepsUnnamed: Bool, path: String
    ) -> Anonymization.FieldRule {
        let base = specification.fields.first { $0.field.value == name }
        let own = output.fields.first { $0.field.value == name }
        guard let named = own ?? base else {
            return Anonymization.FieldRule(transform: keepsUnnamed ? Keep() : nil)
        }
        let rulePath = own == nil ? "fields.\(name)" : "\(path).fields.\(name)"
        let category = (own?.category ?? base?.category)?.value
        let clock = clock(own: own?.after, base: base?.after)
        let listed = (own?.purposes ?? base?.purposes).map { list in
            list.reduce(into: PurposeSet()) { set, mark in
                if let purpose = purposes[mark.value] { set.formUnion(PurposeSet(purpose)) }
            }
        }
        let use = FieldUse(category: category ?? .technical, purposes: listed)
        return Anonymization.FieldRule(
            transform: named.transform.flatMap {
                transform($0, field: name, path: rulePath)?.transform
            },
            clock: clock.bit,
            otherClock: clock.other,
            category: category, isBarred: !use.isAllowed(for: purpose),
            appliesAlways: own != nil)
    }

    /// A request line whose parts are named stays as their frame, unless it has no parts.
    func coveringRequests(
        _ rules: [Anonymization.FieldRule], _ isSpliced: Bool
    ) -> [Anonymization.FieldRule] {
        var rules = rules
        guard isSpliced, format.quoteRule == .never,
            let request = register.names.firstIndex(where: { !format.parts(of: $0).isEmpty })
        else { return rules }
        let whole = register.names[request]
        let named = format.parts(of: whole).contains { part in
            specification.fields.contains { $0.field.value == part }
        }
        guard named, !specification.fields.contains(where: { $0.field.value == whole }),
            let part = register.names.firstIndex(of: "path")
        else { return rules }
        rules[request].coveredBy = part
        return rules
    }

    func jsonKey(_ name: String) -> [UInt8] {
        var key: [UInt8] = [UInt8(ascii: "\"")]
        for byte in name.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                key.append(UInt8(ascii: "\\"))
            }
            key.append(byte)
        }
        return key + [UInt8(ascii: "\""), UInt8(ascii: ":")]
    }
}

extension LogFormat {
    /// How values are replaced in a record of the format.
    var spliceSyntax: SpliceSyntax {
        switch quoteRule {
        case .always: .json
        case .ifPresent: .delimited
        case .never: .template
        }
    }
}
