import Anonymization
import Records
import Statistics
import Testing

@Suite struct MeasureCatalogueTests {
    private static func mapping(_ members: [(String, String)]) -> Setting {
        .mapping(members.map { ($0.0, .none, .text($0.1, .none)) }, .none)
    }

    private static func make(
        _ measure: String, _ setting: Setting
    ) throws -> (plan: MeasurePlan?, faults: [SettingFault]) {
        let faults = Faults()
        let inputs = MeasureInputs(
            text: { name, position in
                if name == "action" { return 4 }
                if name == "bytes" { return 5 }
                faults.add("no such field", at: position)
                return nil
            },
            token: { name, _, _ in name == "user" ? 1 : nil })
        let descriptor = try #require(MeasureCatalogue.measure(named: measure))
        let reader = SettingReader(setting, path: "measures.m", faults: faults)
        return (descriptor.make("m", reader, inputs), faults.all)
    }

    @Test func everyMeasureIsDescribed() {
        let names = MeasureCatalogue.all.map(\.name)
        #expect(Set(names).count == names.count)
        for measure in MeasureCatalogue.all {
            #expect(measure.summary.hasSuffix("."))
            #expect(!measure.options.isEmpty)
            for option in measure.options { #expect(option.help.hasSuffix(".")) }
        }
        #expect(MeasureCatalogue.measure(named: "minimum") == nil)
    }

    @Test func countTakesFieldsAsConditions() throws {
        let made = try Self.make("count", Self.mapping([("action", "login")]))
        let plan = try #require(made.plan)
        #expect(plan.conditions == [Condition(input: 4, texts: [Array("login".utf8)])])
        #expect(made.faults.isEmpty)
        #expect(try Self.make("count", .empty(.none)).plan?.conditions.isEmpty == true)
        #expect(try Self.make("count", Self.mapping([("acton", "login")])).faults.count == 1)
    }

    @Test func percentilesAreCheckedAndExact() throws {
        for (text, points) in [("50", 5000), ("99.9", 9990), ("0.01", 1), ("100", 10_000)] {
            let made = try Self.make("percentile", Self.mapping([("of", "bytes"), ("p", text)]))
            guard case .percentile(5, let share) = made.plan?.kind else {
                Issue.record("no percentile for \(text)")
                continue
            }
            #expect(share.basisPoints == points)
        }
        for text in ["0", "101", "50.001", "-1", "half", ""] {
            let made = try Self.make("percentile", Self.mapping([("of", "bytes"), ("p", text)]))
            #expect(made.plan == nil, "\(text)")
            #expect(made.faults.count == 1, "\(text)")
        }
    }

    @Test func sessionsReadGapColumnsAndUnit() throws {
        let gaps: [(String, Int64)] = [
            ("PT30M", 1_800_000), ("PT1H30M", 5_400_000), ("P1D", 86_400_000),
            ("P1DT1S", 86_401_000), ("PT90S", 90_000),
        ]
        for (text, milliseconds) in gaps {
            let made = try Self.make("sessions", Self.mapping([("of", "user"), ("gap", text)]))
            guard case .sessions(let plan) = made.plan?.kind else {
                Issue.record("no sessions for \(text)")
                continue
            }
            #expect(plan.gapMilliseconds == milliseconds)
            #expect(plan.columns.map(\.name).first == "m")
            #expect(plan.columns.map(\.name).last == "m_single")
        }
        for text in ["30", "PT", "P", "PT0S", "P1M", "PT5", "PT1M1H", "P1S", "P32D", "PTT1S"] {
            let made = try Self.make("sessions", Self.mapping([("of", "user"), ("gap", text)]))
            #expect(made.plan == nil, "\(text)")
            #expect(made.faults.count == 1, "\(text)")
        }
    }

    @Test func sessionColumnsCanBeNamed() throws {
        let columns = Self.mapping([("count", "sessions"), ("p95", "p95_ms")])
        let setting = Setting.mapping(
            [
                ("of", .none, .text("user", .none)), ("columns", .none, columns),
                ("unit", .none, .text("ms", .none)),
            ], .none)
        guard case .sessions(let plan) = try Self.make("sessions", setting).plan?.kind else {
            Issue.record("no sessions")
            return
        }
        #expect(plan.unit == .milliseconds)
        #expect(
            plan.columns == [
                SessionsColumn(.count, name: "sessions"), SessionsColumn(.p95, name: "p95_ms"),
            ])
    }

    @Test func unknownKeysAreFaultsWithTheNearestName() throws {
        let made = try Self.make("sum", Self.mapping([("of", "bytes"), ("wehn", "x")]))
        #expect(made.faults.map(\.suggestion) == ["when"])
    }
}
