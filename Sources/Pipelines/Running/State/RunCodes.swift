internal import Anonymization
internal import Records

/// The counts of a run by code, as the ledger keeps them: what the rules did to fields, and what
/// was done to what earlier runs wrote and to the store.
///
/// `output/NAME/field/FIELD/hashed`, `aged/NAME/erased`, `store/NAME/changed` and so on.
struct RunCodes {
    /// How many days something had waited for the run.
    static let late = "late-days"

    private(set) var counts: [String: Int64] = [:]

    init(_ report: RunReport, _ plan: Plan) {
        if let late = report.lateness { add(Self.late, late.days) }
        for (index, output) in report.totals.outputs.enumerated() {
            var fields: [FieldTally] = []
            fields.add(output, report.fieldNames)
            add(
                fields, plan.release.outputs[index], plan,
                "output/\(report.outputNames[index])")
        }
        for tally in report.ageing { add(tally, plan) }
        if let store = report.store, let release = plan.store?.release {
            add(store, "store/\(store.name)")
            add(store.fields, release, plan, "store/\(store.name)")
        }
        for entry in report.withheld {
            add("statistic/\(entry.table)/figures", entry.figures)
            add("statistic/\(entry.table)/withheld", entry.withheld)
        }
    }

    private mutating func add(_ tally: AgeingTally, _ plan: Plan) {
        let name = "aged/\(tally.output)"
        add("\(name)/anonymised", tally.anonymised)
        add("\(name)/expired", tally.expired)
        for (reason, count) in tally.dropped { add("\(name)/\(reason.code)", count) }
        let index = plan.outputs.firstIndex { $0.name.utf8.elementsEqual(tally.output.utf8) }
        if let index { add(tally.fields, plan.release.outputs[index], plan, name) }
    }

    private mutating func add(_ store: StoreReport, _ name: String) {
        add("\(name)/changed", store.changed)
        add("\(name)/held", store.held)
        add("\(name)/keyless", store.keyless)
        add("\(name)/of-unknown-past", store.formed)
        for (reason, count) in store.dropped { add("\(name)/\(reason.code)", count) }
        for (reason, count) in store.quarantined {
            add("\(name)/quarantined-\(reason.code)", count)
        }
    }

    private mutating func add(
        _ fields: [FieldTally], _ output: OutputReleasePlan, _ plan: Plan, _ name: String
    ) {
        for tally in fields {
            let slot = plan.release.fields.names.firstIndex(of: tally.field)
            let rule = slot.flatMap { $0 < output.rules.count ? output.rules[$0] : nil }
            let code = "\(name)/field/\(Self.word(tally.field))"
            add("\(code)/\(rule.map(Self.action) ?? "cut")", tally.counts.changed)
            add("\(code)/dropped", tally.counts.dropped)
        }
    }

    /// What a rule does to a value that it replaces.
    private static func action(of rule: Anonymization.FieldRule) -> String {
        switch rule.transform {
        case is Pseudonymize, is HashWithStaticKey: "hashed"
        case is EncryptAddress: "encrypted"
        case nil: "dropped"
        default: "cut"
        }
    }

    /// A field's name as part of a code: letters, digits, `.`, `_` and `-`, others as `_`.
    private static func word(_ name: String) -> String {
        let bytes = name.utf8.map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"):
                byte
            default: UInt8(ascii: "_")
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func add(_ code: String, _ count: Int) {
        if count > 0 { counts[code, default: 0] += Int64(count) }
    }
}
