internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import LogFormats
internal import Records

/// Everything of a pipeline that may hold records of the subject, and what holds none that could
/// be told.
struct SubjectPlaces {
    private let plan: Plan
    private let specification: PipelineSpecification
    private let subject: SoughtSubject
    private let fields: SubjectFields
    private let keys: LivingKeys
    private let ledger: Ledger?
    private let written: WrittenColumns?

    private(set) var places: [SubjectPlace] = []
    /// What is not searched and what cannot be attributed: sentences without values.
    private(set) var limits: [String] = []

    init(
        _ plan: Plan, _ specification: PipelineSpecification, _ subject: SoughtSubject,
        keys: LivingKeys, ledger: Ledger?, folder: String
    ) throws(PipelineFailure) {
        self.plan = plan
        self.specification = specification
        self.subject = subject
        self.keys = keys
        self.ledger = ledger
        if let ledger { written = try WrittenColumns(ledger, plan) } else { written = nil }
        fields = try SubjectFields(subject, specification, plan)
        try addSources()
        try addStore()
        for index in plan.outputs.indices { try addOutput(index) }
        for disclosure in specification.disclosures { try addDisclosure(disclosure) }
        places += try SubjectLists(
            plan: plan, specification: specification, subject: subject, folder: folder
        ).places()
        addLimits()
    }

    // MARK: Sources

    /// What lies in a store is the store's, also when `source` names it: Sluice itself rewrites it.
    private mutating func addSources() throws(PipelineFailure) {
        guard plan.readsSources else { return }
        let patterns = plan.sources.filter { $0 != "-" }
        if patterns.count < plan.sources.count {
            limits.append("Standard input is not kept: what came that way is not in `sources`.")
        }
        var files: [String] = []
        for pattern in patterns {
            let present = try presentFiles([pattern])
            if present.isEmpty { limits.append("No file lies at the source \(pattern) now.") }
            files += present
        }
        let stored = try sourceIdentities(presentFiles(plan.store?.files ?? []))
        var others: [String] = []
        for file in files {
            let status = try presentStatus(of: file)
            if status.map({ !stored.contains($0.identity) }) ?? true { others.append(file) }
        }
        files = others
        let purposes = plan.outputs.map(\.purpose) + specification.statistics.map(\.purpose.value)
        let names = plan.release.fields.names
        places.append(
            SubjectPlace(
                kind: .source, name: plan.stream, purposes: Self.unique(purposes),
                retention: ["Kept and deleted by the operator, not by Sluice."],
                files: Self.unique(files), format: plan.format, names: names,
                matcher: matcher(names) { _ in nil }))
    }

    private mutating func addStore() throws(PipelineFailure) {
        guard let store = plan.store else { return }
        let names = plan.release.fields.names
        places.append(
            SubjectPlace(
                kind: .store, name: store.name, purposes: [store.output.purpose],
                recipients: ["own"],
                retention: ["Aged in place: each field by its own clock."],
                files: try presentFiles(store.files),
                format: plan.format,
                names: names,
                // What was aged in place holds tokens like an output.
                matcher: matcher(names) { name in
                    names.firstIndex(of: name).map { store.release.rules[$0] }
                }))
    }

    // MARK: Outputs

    private mutating func addOutput(_ index: Int) throws(PipelineFailure) {
        let output = plan.outputs[index]
        let stated = specification.outputs.first { $0.name.value == output.name }
        if output.path.isStandardOutput {
            limits.append("Output \(output.name) went to standard output and is not kept here.")
            return
        }
        let release = plan.release.outputs[index]
        let declared = plan.release.fields.names
        // A field that is no column any more may say in older files whose a record is.
        let own = output.columns ?? declared
        let names = own + declared.filter { !own.contains($0) }
        func rule(_ name: String) -> Anonymization.FieldRule? {
            declared.firstIndex(of: name).map { release.rules[$0] }
        }
        let stored = try files(of: output)
        let files = stored.map(\.path)
        let headers = files.map { Self.header(of: $0, output.format) }
        let unsure = zip(stored, headers).count { file, header in
            guard let part = file.part, let written,
                header.map({ $0.contains(where: fields.names.contains) }) ?? true
            else { return false }
            return written.areUnknown(of: part, output: index, hasHeader: header != nil)
        }
        noteLimits(
            of: output, headers.isEmpty ? [own] : headers.map { $0 ?? own }, unsure: unsure, rule)
        var place = SubjectPlace(
            kind: .output, name: output.name, purposes: [output.purpose],
            recipients: output.recipients.isEmpty ? ["own"] : output.recipients,
            readers: (stated?.safeguards?.readers ?? stated?.readers ?? []).map(\.value),
            retention: retention(output, stated), files: files,
            format: output.format, names: names, matcher: matcher(names, rule))
        if output.columns != nil, headers.contains(where: { $0 != nil }) {
            place.columns = Self.unique(headers.flatMap { $0 ?? [] })
        }
        places.append(place)
    }

    /// The files of an output: those that the ledger lists, but for what is not there, or all that
    /// lie where it writes; with their parts, where there is a ledger.
    private mutating func files(
        of output: OutputPlan
    ) throws(PipelineFailure) -> [(path: String, part: PartRecord?)] {
        guard let ledger else { return try presentFiles(at: output.path).map { ($0, nil) } }
        let parts: [PartRecord]
        do { parts = try ledger.currentParts(output: output.name) } catch {
            throw .storage("cannot read the ledger: \(error.description)")
        }
        var files: [(path: String, part: PartRecord?)] = []
        for part in parts where try isPresent(part.path) { files.append((part.path, part)) }
        let gone = parts.count - files.count
        if gone > 0 {
            limits.append(
                "Output \(output.name): \(counted(gone, "stored file")) could not be looked into, "
                    + "because they are not there.")
        }
        return files
    }

    /// The columns that a file names itself. What is the matter with one that cannot be read, its
    /// reader says.
    private static func header(of path: String, _ format: any LogFormat) -> [String]? {
        do { return try ChunkSource.columns(of: path, format: format, limits: .ofOwnFiles) } catch {
            return nil
        }
    }

    private func retention(
        _ output: OutputPlan, _ stated: OutputSpecification?
    ) -> [String] {
        var sentences: [String] = []
        if output.showsWindow, let safeguards = stated?.safeguards {
            sentences.append(
                "Readable until it is due, \(specification.window.words) unless a field has a "
                    + "clock of its own, and for \(safeguards.deleteAfter.value.text) at most.")
        } else {
            sentences.append("Holds no record as it was: each counts as due when it is written.")
        }
        if let expires = output.expires {
            sentences.append("Records are deleted \(expires.text) after the event.")
        }
        return sentences
    }

    // MARK: Disclosures

    private mutating func addDisclosure(
        _ disclosure: DisclosureSpecification
    ) throws(PipelineFailure) {
        guard let table = plan.tables.first(where: { $0.name == disclosure.name.value }),
            table.isDisclosure
        else { return }
        let columns = disclosure.keys.compactMap { key -> String? in
            if case .field(let field) = key { field.value } else { nil }
        }
        guard columns.contains(where: fields.names.contains) else {
            limits.append(
                "Disclosure \(table.name) does not name the subject: it is not searched.")
            return
        }
        for (path, format) in table.paths {
            let isCSV = format == .csv
            let matcher = matcher(columns) { _ in nil }
            places.append(
                SubjectPlace(
                    kind: .disclosure, name: table.name,
                    purposes: [disclosure.purpose?.value ?? "compliance"],
                    recipients: [disclosure.recipient.value.rawValue],
                    retention: [
                        table.retention.map {
                            "Deleted \($0.text) after the end of its month."
                        } ?? "Kept until somebody deletes it."
                    ],
                    files: try presentFiles(at: path),
                    format: isCSV ? CSVFormat() : JSONLinesFormat(),
                    names: isCSV ? columns : columns.map(Self.literalPath),
                    matcher: isCSV ? Self.allowingGuard(matcher) : matcher))
        }
    }

    /// A column's name as the path of a member of exactly that name.
    private static func literalPath(_ name: String) -> String {
        name.reduce(into: "") { path, character in
            if ".[]*\\".contains(character) { path.append("\\") }
            path.append(character)
        }
    }

    /// Tables put an apostrophe in front of what a spreadsheet would take for a formula.
    private static func allowingGuard(_ matcher: RecordMatcher) -> RecordMatcher {
        var matcher = matcher
        if case .value(let value) = matcher.sought.who {
            matcher.sought.tokens.insert([UInt8(ascii: "'")] + value)
        }
        if case .value(let customer) = matcher.within?.who {
            matcher.within?.tokens.insert([UInt8(ascii: "'")] + customer)
        }
        return matcher
    }

    private static func unique(_ names: [String]) -> [String] {
        names.reduce(into: []) { list, name in
            if !list.contains(name) { list.append(name) }
        }
    }
}

extension SubjectPlaces {
    // MARK: Matching

    /// What tells the subject's records in files that have the fields `names`, where `rule` says
    /// what became of a field.
    private func matcher(
        _ names: [String], _ rule: (String) -> Anonymization.FieldRule?
    ) -> RecordMatcher {
        func identity(
            _ kind: SubjectKind, _ canonical: [UInt8], _ spellings: [[UInt8]],
            _ sought: [String]
        ) -> SoughtIdentity {
            var identity = SoughtIdentity(kind: kind, who: .value(canonical))
            for name in sought {
                guard let slot = names.firstIndex(of: name) else { continue }
                let transform = rule(name)?.transform
                if transform?.makesCopies(of: canonical) == true { continue }
                identity.slots.append(slot)
                guard let transform else { continue }
                for spelling in spellings {
                    identity.tokens.formUnion(
                        transform.standIns(for: spelling, under: keys.hashers))
                }
            }
            return identity
        }
        let sought = identity(
            subject.kind.subjectKind, subject.canonical, subject.spellings, fields.names)
        let within = subject.within.flatMap { customer in
            fields.customer.map { name in
                var limit = identity(.customer, customer, subject.withinSpellings, [name])
                for spelling in subject.withinSpellings {
                    limit.copies.formUnion(
                        rule(name)?.transform?.copies(of: spelling, under: keys.hashers) ?? [])
                }
                return limit
            }
        }
        return RecordMatcher(sought: sought, within: within)
    }

    // MARK: Limits

    /// `columns` are those of each file; of `unsure` ones nobody knows which they had.
    private mutating func noteLimits(
        of output: OutputPlan, _ columns: [[String]], unsure: Int,
        _ rule: (String) -> Anonymization.FieldRule?
    ) {
        let present = fields.names.filter { name in columns.contains { $0.contains(name) } }
        let untold = columns.count { $0.allSatisfy { !fields.names.contains($0) } }
        guard !present.isEmpty else {
            limits.append(
                "Output \(output.name) does not hold the subject's field: its records do not say "
                    + "whose they are.")
            return
        }
        if untold > 0 {
            limits.append(
                "Output \(output.name): \(counted(untold, "stored file")) written with other "
                    + "columns do not hold the subject's field: what is in them cannot be "
                    + "attributed.")
        }
        if unsure > 0 {
            limits.append(
                "Output \(output.name): \(counted(unsure, "stored file")) written with other "
                    + "columns may not hold the subject's field: what does not name it cannot be "
                    + "attributed.")
        }
        for name in present {
            guard let rule = rule(name), rule.transform?.keepsIdentity != true,
                !(rule.transform is Keep)
            else { continue }
            if rule.transform?.makesCopies(of: subject.canonical) == true {
                limits.append(
                    "Output \(output.name), field \(name): the value is also what others become; "
                        + "nothing there can be attributed.")
                continue
            }
            let when = output.showsWindow && !rule.appliesAlways ? "once it is due" : "at any age"
            limits.append(
                "Output \(output.name), field \(name): \(when) nothing is left that could be "
                    + "attributed (dropped, truncated or replaced).")
        }
    }

    private mutating func addLimits() {
        if !keys.destroyed.isEmpty {
            let months = keys.destroyed.map(\.text).joined(separator: ", ")
            limits.append(
                "Tokens of \(months) cannot be attributed any more: their keys are destroyed.")
        }
        limits.append(
            "Only the fields \(fields.names.joined(separator: ", ")) were compared; mentions in "
                + "free text and in other fields are not searched.")
        if subject.kind != .address {
            limits.append(
                "Names are compared byte by byte: another spelling is another name, and a token "
                    + "of a name with white space around it is not found.")
        }
        if ledger != nil {
            limits.append(
                "What the state keeps under keyed hashes (holds, opt-outs, requests) is told by "
                    + "`sluice subject status`.")
        }
        if !specification.statistics.isEmpty {
            limits.append("Published statistics hold no persons and are not searched.")
        }
        limits.append(
            "Backups, copies and what recipients made of it are not searched.")
    }
}
