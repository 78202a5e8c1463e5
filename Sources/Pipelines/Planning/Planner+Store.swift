internal import Anonymization
internal import KeyedHashing
internal import LogFormats
internal import Records

extension Planner {
    /// The plan of the store: the pipeline's rules, each field by its own clock, nothing else
    /// changed.
    func makeStore(_ store: StoreSpecification, _ clocks: ClockSet) -> StorePlan {
        checkStore(store)
        checkTextBeyondFields(nil, at: store.position, "store")
        let keepsUnnamed = specification.others.value == .keepEverything
        let rules = register.names.map { name in
            specification.fields.first { $0.field.value == name }.map { storeRule($0) }
                ?? Anonymization.FieldRule(transform: keepsUnnamed ? Keep() : nil)
        }
        var release = OutputReleasePlan(
            name: PipelineSpecification.storeName, purpose: .compliance, showsWindow: true,
            mode: .spliced, syntax: format.syntax, keepsUnnamed: keepsUnnamed,
            rules: coveringRequests(rules, true), readableClock: [])
        release.isUse = false
        for (index, clock) in clocks.clocks.enumerated() where !clock.isPlain {
            add(DueSet(rawValue: 1 << UInt64(index)), reach(clock, release, nil), &release)
        }
        var output = OutputPlan(
            name: PipelineSpecification.storeName, purpose: "compliance",
            path: .standardOutput, format: format, writer: format.splicedWriter(), columns: nil,
            gzipLevel: nil, recipients: [Recipient.own.rawValue], readers: [],
            expires: nil, showsWindow: true,
            inPlace: store.unreadable.value)
        output.remembersLines = release.rules.contains { $0.transform?.isRepeatable == false }
        return StorePlan(
            name: (store.stream ?? specification.name).value,
            files: store.files.map { world.resolve($0.value) },
            rules: Digest256.of([UInt8]().span), guardFactor: store.guardFactor.value,
            guardAtLeast: store.guardAtLeast.value,
            needsConfirmation: store.confirm.value == .required, settle: store.settle.value,
            unreadable: store.unreadable.value, output: output, release: release)
    }

    private func storeRule(_ rule: FieldRule) -> Anonymization.FieldRule {
        let (bit, other) = clock(own: nil, base: rule.after)
        let path = "fields.\(rule.field.value)"
        return Anonymization.FieldRule(
            transform: rule.transform.flatMap {
                transform($0, field: rule.field.value, path: path)?.transform
            },
            clock: bit, otherClock: other)
    }

    /// What a store needs to find its records due again.
    private func checkStore(_ store: StoreSpecification) {
        if specification.state == nil {
            faults.add(
                "a store needs to know what was done to it: expected `state`", at: store.position,
                path: "store")
        }
        if let encoding = specification.source.encoding, encoding.value != .utf8 {
            faults.add(
                "files of a store are rewritten as they are: expected UTF-8",
                at: encoding.position, path: "source.encoding")
        }
        if format.envelope != nil {
            faults.add(
                "files of a store are aged line by line: expected a format of lines, such as "
                    + "`jsonl`", at: store.position, path: "source.format")
        }
        guard !timeFields.isEmpty else {
            faults.add(
                "the records of a store age by their time: expected `source.time`",
                at: store.position, path: "source.time")
            return
        }
        for time in timeFields { checkKept(time, store) }
    }

    private func checkKept(_ time: String, _ store: StoreSpecification) {
        let rule = specification.fields.first { $0.field.value == time }
        let isKept =
            rule.map { $0.transform?.name.value == "keep" }
            ?? (specification.others.value == .keepEverything)
        guard !isKept else { return }
        faults.add(
            "`\(time)` does not stay as it is in the store: expected `\(time): keep`, because a "
                + "later run ages the records by it",
            at: rule?.field.position ?? store.position, path: "fields")
    }
}
