internal import Anonymization
package import KeyedHashing
internal import LogFormats
package import Records
internal import Statistics

/// Turns a specification into a plan: resolves formats, fields, transforms, clocks, opt-outs and
/// paths, and reports every fault it meets in one go.
package final class Planner {
    let specification: PipelineSpecification
    let world: PlanningWorld
    let faults: Faults
    /// What is wrong with reference tables, apart from what is wrong with the file.
    let tableFaults: Faults
    let register = FieldRegister()
    let tables: TableRegister
    var notes: [String] = []
    var overlaps: [SettingFault] = []
    /// What cannot be read in reference tables.
    var unreadableCells: [UnreadableCells] = []
    private(set) var purposes = PurposeTable.standard
    private(set) var zone = ZoneTable.utc
    private(set) var clocks: ClockSet?
    private(set) var format: any LogFormat = JSONLinesFormat()
    private(set) var usesMonthKeys = false

    private init(
        _ specification: PipelineSpecification, _ world: PlanningWorld, _ faults: Faults,
        _ tableFaults: Faults
    ) {
        self.specification = specification
        self.tableFaults = tableFaults
        tables = TableRegister(count: specification.tables.count)
        self.world = world
        self.faults = faults
    }

    /// Plans `specification`, whose file has the content `digest`; nil after adding faults. Those
    /// of reference tables go to `tableFaults`.
    package static func plan(
        _ specification: PipelineSpecification, digest: Digest256, world: PlanningWorld,
        faults: Faults, tableFaults: Faults? = nil
    ) -> Plan? {
        let tableFaults = tableFaults ?? faults
        let before = (faults.all.count, tableFaults.all.count)
        let plan = Planner(specification, world, faults, tableFaults).make(digest)
        return (faults.all.count, tableFaults.all.count) == before ? plan : nil
    }

    private func make(_ digest: Digest256) -> Plan? {
        format = resolveFormat(specification.source.format, path: "source.format") ?? format
        resolvePurposes()
        zone = resolveZone(specification.zone, path: "zone") ?? .utc
        let timeSlot = makeTimeSlot()
        let timeOfDaySlot = usesOwnTime ? format.ownTime?.timeOfDay.map(register.slot) : nil
        if timeSlot == nil, pathDate == nil { checkTimeless() }
        checkPathDate()
        makeClocks()
        guard let clocks else { return nil }
        checkTimeForm(clocks)
        let references = loadTables(tables, clocks.runClock)
        let derived = specification.derived.compactMap(deriveField)
        declareFields()
        let observations = makeObservations(derived)
        declareUnnamedTemplateFields()
        let outputs = specification.outputs.enumerated().compactMap { index, output in
            makeOutput(output, number: index + 1, derived: derived)
        }
        let store = specification.store.map { makeStore($0, clocks) }
        let optOuts = makeOptOuts(clocks.runClock.now)
        let needsOutline = outputs.contains {
            $0.release.mode == .spliced && $0.release.syntax == .json
                && !$0.release.keepsUnnamed
        }
        checkFieldPaths()
        checkDisclosures()
        checkHolds()
        checkSharing(outputs.map(\.plan))
        let publish = makePublish()
        let noise = makeNoise(observations.statistics)
        checkExports(observations.statistics)
        checkPercentiles(observations.statistics)
        var release = ReleasePlan(
            fields: DeclaredFields(names: register.names, needsOutline: needsOutline),
            timeSlot: timeSlot, timeFormat: timeFormat, timeZone: timeZone, zone: zone,
            clocks: clocks,
            customerSlot: specification.identity.customer.map { register.slot($0.value) },
            personSlot: specification.identity.user.map { register.slot($0.value) },
            optOuts: optOuts.index,
            optOutBasis: specification.optOuts?.basis.value == .event ? .event : .use,
            dropsOptedOutRecords: specification.optOuts?.effect.value == .dropRecord,
            derived: derived.map(\.field), outputs: outputs.map { padded($0.release) },
            observations: observations.plan)
        release.timeOfDaySlot = timeOfDaySlot
        release.datesBySource = pathDate != nil
        release.tables = references.map(\.table)
        release.deleteClocks = deleteClocks
        noteUncheckedLists()
        var sources = specification.source.files
        if sources.isEmpty, let store = specification.store { sources = store.files }
        release.addressSlots = release.addressFields(
            declared: specification.identity.addresses.map { register.slot($0.value) })
        var plan = Plan(
            name: specification.name.value, digest: digest, statisticsDigest: digest,
            sources: sources.map { world.resolve($0.value) },
            stream: (specification.source.stream ?? specification.name).value, format: format,
            limits: specification.source.limits, release: release,
            outputs: outputs.map(\.plan), statistics: observations.statistics,
            tables: observations.tables, quarantine: makeQuarantine(),
            keyStore: keyStorePath,
            keyNeeds: keyNeeds(clocks, outputs.map(\.release) + (store.map { [$0.release] } ?? [])),
            keyWrapping: world.isTrial
                ? nil : specification.keys?.wrappedBy.map { WrappingKeySupply($0.value) },
            state: specification.state.map { world.resolve($0.value) },
            optOutList: optOuts.list, tableInputs: references.map(\.input), notes: notes)
        plan.unreadableCells = unreadableCells
        plan.store = store.map(padded)
        plan.publish = publish
        plan.overlaps = overlaps
        plan.noise = noise
        addRules(to: &plan)
        return plan
    }

    /// Gives the fields that rules and identities name their slots.
    private func declareFields() {
        for rule in specification.fields { _ = slot(rule.field, path: "fields") }
        for (role, field) in specification.identity.roles {
            _ = slot(field, path: "identity.\(role)")
            checkSingle(field, path: "identity.\(role)")
        }
        for field in specification.identity.addresses { slot(field, path: "identity.address") }
    }

    /// A record is of one customer, and of one person: of several values nobody would be asked.
    private func checkSingle(_ field: Marked<String>, path: String) {
        guard format.quoteRule == .always, JSONFieldPath(field.value)?.isRepeated == true else {
            return
        }
        faults.add(
            "`\(field.value)` has several values in a record: expected a field with one, such as "
                + "a numbered element",
            at: field.position, path: path)
    }

    /// Adds what stands in the pipeline, whatever its fields and results are.
    private func addRules(to plan: inout Plan) {
        plan.encoding = specification.source.encoding?.value ?? .utf8
        plan.pathDate = pathDate
        plan.pathDateRoot = world.folder.isEmpty ? "" : world.folder + "/"
        plan.purposes = purposes
        plan.missingCustomer = missingCustomer
        plan.optOutShrinkage = specification.optOuts.map {
            ShrinkageLimit($0.maxShrink, of: $0.file)
        }
        plan.holds = specification.holds.map { world.resolve($0.value) }
    }

    /// Fields registered after an output was planned (there are none unless planning changes) would
    /// lack a rule; every slot has one. An element that goes does not move the numbers of others.
    private func padded(_ output: OutputReleasePlan) -> OutputReleasePlan {
        var output = output
        while output.rules.count < register.names.count {
            output.rules.append(
                Anonymization.FieldRule(transform: output.keepsUnnamed ? Keep() : nil))
        }
        guard output.syntax == .json else { return output }
        let paths = register.names.map { JSONFieldPath($0) }
        let declared = paths.compactMap(\.self)
        for (slot, path) in paths.enumerated() {
            output.rules[slot].leavesNull = path?.movesNumbered(among: declared) ?? false
        }
        return output
    }

    private func padded(_ store: StorePlan) -> StorePlan {
        var store = store
        store.release = padded(store.release)
        return store
    }

    // MARK: Format, time, zone, clocks

    func resolveFormat(_ options: NamedOptions, path: String) -> (any LogFormat)? {
        guard let descriptor = FormatCatalogue.named(options.name.value) else {
            let names = FormatCatalogue.all.map(\.name)
            faults.add(
                "unknown format `\(options.name.value)`", at: options.name.position, path: path,
                suggestion: nearestName(to: options.name.value, among: names))
            return nil
        }
        let reader = settings(options, shorthand: "template", path: path)
        let format = descriptor.make(reader)
        reader.finish()
        return format
    }

    /// Opens the options of a transform, format or measure; a bare value stands for `shorthand`.
    func settings(_ options: NamedOptions, shorthand: String?, path: String) -> SettingReader {
        let inner = path.isEmpty ? options.name.value : "\(path).\(options.name.value)"
        switch options.options {
        case .text(_, let position), .list(_, let position):
            guard let shorthand else { break }
            return SettingReader(
                .mapping([(shorthand, position, options.options)], position), path: inner,
                faults: faults)
        case .mapping, .empty: break
        }
        return SettingReader(options.options, path: inner, faults: faults)
    }

    private func resolvePurposes() {
        let declared = specification.purposes.map(\.value)
        if let table = PurposeTable(declaring: declared) {
            purposes = table
        } else {
            faults.add(
                "expected at most \(PurposeTable.purposesMax - PurposeTable.builtIn.count) further "
                    + "purposes, each once and none of the built-in ones",
                at: specification.purposes.first?.position ?? .none, path: "purposes")
        }
    }

    func resolveZone(_ name: Marked<String>, path: String) -> ZoneTable? {
        do {
            let zone = try ZoneTable.named(name.value)
            world.noteZone(zone)
            return zone
        } catch {
            faults.add(error.expectation, at: name.position, path: path)
            return nil
        }
    }

    private func makeClocks() {
        let runClock: RunClock
        if let now = world.now {
            guard let read = RunClock(text: now, zone: zone) else {
                faults.add(
                    "`--now` is no time: expected a date (2026-04-15) or RFC 3339 time",
                    at: .none, path: "now")
                return
            }
            runClock = read
        } else {
            runClock = RunClock.system(zone: zone)
        }
        clocks = ClockSet(
            window: clock(specification.window),
            after: allClocks(),
            runClock: runClock, skew: specification.skew.value)
        if clocks == nil {
            faults.add(
                "expected at most \(ClockSet.clocksMax) different clocks",
                at: specification.window.length.position, path: "fields")
        }
    }

    // MARK: Fields and transforms

    /// The slot of a field that the pipeline names at `position`; a fault when the format cannot
    /// have it.
    @discardableResult
    func slot(_ field: Marked<String>, path: String) -> Int {
        if format.knows(field: field.value) == false {
            faults.add(
                "records of this format have no field `\(field.value)`", at: field.position,
                path: path,
                suggestion: format.fieldNames.flatMap { nearestName(to: field.value, among: $0) })
        }
        return register.slot(field.value)
    }

    /// Makes the transform that a rule names.
    func transform(
        _ options: NamedOptions, field: String, path: String
    ) -> (transform: any Transform, descriptor: TransformDescriptor)? {
        guard
            let descriptor = TransformCatalogue.all.first(where: { $0.name == options.name.value })
        else {
            faults.add(
                "unknown transform `\(options.name.value)`", at: options.name.position, path: path,
                suggestion: nearestName(
                    to: options.name.value, among: TransformCatalogue.all.map(\.name)))
            return nil
        }
        let reader = settings(options, shorthand: descriptor.shorthand, path: path)
        let world = world
        let environment = PlanningEnvironment(
            fieldName: field, resolvePath: { world.resolve($0) }, loadKeyFile: world.loadKeyFile)
        let made = descriptor.make(reader, environment)
        reader.finish()
        guard let made else { return nil }
        checkAcknowledged(descriptor.traits, options, path)
        if made.dependence == .keyEpoch { usesMonthKeys = true }
        return (made, descriptor)
    }

    private func checkAcknowledged(
        _ traits: TransformTraits, _ options: NamedOptions, _ path: String
    ) {
        let acknowledged = specification.acknowledged.map(\.value)
        let risks: [(TransformTraits, Acknowledgement, String)] = [
            (.reversible, .reversible, "whoever holds the key can compute the value back"),
            (.staticKey, .staticKey, "its key does not die with the month"),
        ]
        for (trait, acknowledgement, why) in risks
        where traits.contains(trait) && !acknowledged.contains(acknowledgement) {
            faults.add(
                "`\(options.name.value)` on due data: \(why); expected "
                    + "`acknowledge: [\(acknowledgement.rawValue)]` in the pipeline",
                at: options.name.position, path: path)
        }
    }

    private func deriveField(
        _ derived: DerivedField
    ) -> (name: String, field: Anonymization.DerivedField)? {
        let slot = slot(derived.source, path: "derive.\(derived.name.value)")
        let path = "derive.\(derived.name.value)"
        guard let made = transform(derived.transform, field: derived.name.value, path: path) else {
            return nil
        }
        if made.descriptor.traits.contains(.leavesReadable) {
            faults.add(
                "`\(made.descriptor.name)` would make a readable copy of any age: expected a "
                    + "transform that does not leave the value readable",
                at: derived.transform.name.position, path: path)
        }
        return (
            derived.name.value,
            Anonymization.DerivedField(
                name: derived.name.value, slot: slot, transform: made.transform)
        )
    }

    /// Where records are not rebuilt the unnamed fields must be known, to be blanked.
    private func declareUnnamedTemplateFields() {
        let others =
            [specification.others.value] + specification.outputs.compactMap(\.others?.value)
        guard format.quoteRule == .never, others.contains(.drop) else { return }
        for name in format.fieldNames ?? [] { _ = register.slot(name) }
        if let unnamed = format.unnamedField { _ = register.slot(unnamed) }
    }

    /// Without an event time no record has a day, and no statistic could count one.
    private func checkTimeless() {
        for (index, output) in specification.outputs.enumerated()
        where output.path.value.placeholders.contains(where: { $0 != "name" }) {
            faults.add(
                "the path asks for the time of records: expected `source.time`",
                at: output.path.position, path: "outputs[\(index + 1)].path")
        }
        for (index, output) in specification.outputs.enumerated() {
            guard let expires = output.expires else { continue }
            faults.add(
                "`expires` counts from the time of records: expected `source.time`",
                at: expires.position, path: "outputs[\(index + 1)].expires")
        }
        if let first = specification.statistics.first?.name ?? specification.disclosures.first?.name
        {
            faults.add(
                "`\(first.value)` counts by the time of records: expected `source.time`",
                at: first.position, path: "source.time")
        }
    }

    /// A hold that nobody enforces must not be accepted in silence.
    private func checkHolds() {
        guard let holds = specification.holds, specification.state == nil else { return }
        faults.add(
            "holds bind what is stored, and a pipeline without `state` knows nothing of what it "
                + "stored: expected `state`",
            at: holds.position, path: "holds")
    }

    /// Partials keep what was counted in the state; a disclosure would keep names there.
    private func checkDisclosures() {
        guard let state = specification.state, let first = specification.disclosures.first else {
            return
        }
        faults.add(
            "`state` beside a disclosure would keep names in the state folder: expected a pipeline "
                + "of its own for `\(first.name.value)`, without `state`",
            at: state.position, path: "state")
    }

    /// A path may not lead through another declared field: they would claim the same bytes.
    private func checkFieldPaths() {
        guard format.quoteRule == .always else { return }
        let paths = register.names.compactMap { name in
            JSONFieldPath(name).map { (name, $0) }
        }
        for (name, path) in paths {
            for (other, outer) in paths where other != name && outer.contains(path) {
                let position =
                    specification.fields.first { $0.field.value == name }?.field.position ?? .none
                faults.add(
                    "`\(name)` lies inside `\(other)`, which is declared too: name one of them",
                    at: position, path: "fields.\(name)")
            }
        }
    }

    // MARK: Quarantine, keys

    private func makeQuarantine() -> QuarantinePlan {
        QuarantinePlan(
            limit: specification.quarantine.limit.value,
            path: specification.quarantine.path.map { world.resolve($0.value) },
            keepsLines: specification.quarantine.keepLines.value)
    }

    /// Where the month keys are; a fault when they are needed and nowhere declared.
    private var keyStorePath: String? {
        guard usesMonthKeys || (specification.state != nil && !specification.statistics.isEmpty)
        else { return nil }
        if let keys = specification.keys?.path { return world.resolve(keys.value) }
        if let state = specification.state { return world.resolve("\(state.value)/keys") }
        if world.isTrial { return nil }
        faults.add(
            "`keys` is missing: a transform makes tokens and needs the directory of the key store",
            at: specification.name.position, path: "keys")
        return nil
    }
}
