internal import Anonymization
internal import Ledger
internal import Records

extension RecordCounts {
    /// The written form, by codes.
    var written: CanonicalJSON {
        .object([
            ("read", .integer(Int64(read))), ("blank", .integer(Int64(blank))),
            ("keyless", .integer(Int64(keyless))), ("untimely", .integer(Int64(untimely))),
            ("quarantined", CanonicalJSON.counts(quarantined.map { ($0.key.code, $0.value) })),
            ("observed", .array(observed.map { .integer(Int64($0)) })),
            ("outputs", .array(outputs.map(\.written))),
        ])
    }

    /// Reads the written form; nil for anything else.
    init?(_ json: CanonicalJSON) {
        guard let outputs = json["outputs"]?.asArray, let observed = json["observed"]?.asArray,
            let read = json["read"]?.asInteger, let blank = json["blank"]?.asInteger,
            let keyless = json["keyless"]?.asInteger, let untimely = json["untimely"]?.asInteger,
            let quarantined = json["quarantined"]?.asCounts
        else { return nil }
        self.init(outputs: 0, statistics: 0)
        self.outputs = outputs.compactMap(OutputCounts.init)
        self.observed = observed.compactMap(\.asInteger)
        self.read = read
        self.blank = blank
        self.keyless = keyless
        self.untimely = untimely
        for (code, count) in quarantined {
            guard let reason = QuarantineReason.allCases.first(where: { $0.code == code }) else {
                return nil
            }
            self.quarantined[reason] = count
        }
        guard self.outputs.count == outputs.count, self.observed.count == observed.count else {
            return nil
        }
    }
}

extension OutputCounts {
    fileprivate var written: CanonicalJSON {
        .object([
            ("kept", .integer(Int64(kept))), ("anonymised", .integer(Int64(anonymised))),
            ("barred", .integer(Int64(barred))),
            ("dropped", CanonicalJSON.counts(dropped.map { ($0.key.code, $0.value) })),
            (
                "fields",
                .array(
                    fields.map {
                        .array([.integer(Int64($0.changed)), .integer(Int64($0.dropped))])
                    })
            ),
        ])
    }

    fileprivate init?(_ json: CanonicalJSON) {
        guard let kept = json["kept"]?.asInteger, let anonymised = json["anonymised"]?.asInteger,
            let barred = json["barred"]?.asInteger, let dropped = json["dropped"]?.asCounts,
            let fields = json["fields"]?.asArray
        else { return nil }
        self.init()
        self.kept = kept
        self.anonymised = anonymised
        self.barred = barred
        for (code, count) in dropped {
            guard let reason = DropReason.allCases.first(where: { $0.code == code }) else {
                return nil
            }
            self.dropped[reason] = count
        }
        for field in fields {
            guard let pair = field.asArray, pair.count == 2, let changed = pair[0].asInteger,
                let dropped = pair[1].asInteger
            else { return nil }
            var counts = FieldCounts()
            counts.changed = changed
            counts.dropped = dropped
            self.fields.append(counts)
        }
    }
}

extension CanonicalJSON {
    fileprivate static func counts(_ counts: [(code: String, count: Int)]) -> CanonicalJSON {
        .object(counts.map { ($0.code, .integer(Int64($0.count))) })
    }

    fileprivate var asCounts: [(code: String, count: Int)]? {
        guard let members = asObject else { return nil }
        let counts = members.compactMap { member in
            member.value.asInteger.map { (code: member.name, count: $0) }
        }
        return counts.count == members.count ? counts : nil
    }
}
