package import Records
package import Publication

/// What statistics must fulfil to be published, and where they go.
package struct PublishSpecification: Sendable, Equatable {
    /// The fewest distinct persons behind a cell; 10 unless written.
    package let persons: Marked<Int>
    /// The fewest distinct customers behind a cell of a table across customers; 3 unless written.
    package let customers: Marked<Int>
    /// Whether zeros are told, and figures that make up all of their total; `shown` unless written.
    package let zeros: Marked<ControlRules.Showing>
    package let wholes: Marked<ControlRules.Showing>
    /// How distinct counts are protected in tables that cross; nil: as the audience asks for.
    package let crossings: Marked<ControlRules.Crossings>?
    /// The p of the p% rule for sums and means, in percent; 10 unless written.
    package let priorPercent: Marked<Int>
    /// nil: the p% rule alone.
    package let dominance: DominanceRule?
    /// nil, with a fault, when it is missing.
    package let path: Marked<String>?
    /// Names of formats of the catalogue; `csv` unless written.
    package let formats: [Marked<String>]
    /// How long after its end a period stays open for late records; `P7D` unless written.
    package let closeAfter: Marked<CalendarDuration>
    /// For whom publications are; `internal` unless written.
    package let audience: Marked<Readers>
    /// What becomes of records of a closed period; `count` unless written.
    package let late: Marked<LateRule>
    /// How long after its closing a period may be corrected; `P1M` unless written.
    package let correctWithin: Marked<CalendarDuration>
    /// Where internal readers find provisional figures; nil: there are none.
    package let provisional: Marked<String>?
    /// The columns whose small values are counted together; nil for all, empty for none.
    package let other: [Marked<String>]?
    /// Tables about one customer each; nil: there are none.
    package let forCustomers: CustomerTablesSpecification?

    /// Whom publications can be for.
    package enum Readers: String, CaseIterable, Sendable {
        case `internal`, `public`
    }

    /// What becomes of records that come after their period was closed.
    package enum LateRule: String, CaseIterable, Sendable {
        /// They are counted and told, and change nothing.
        case count
        /// They are declared as a revision when the next period is closed.
        case revise
    }
    /// What noise may cost; nil when no table has any.
    package let budget: BudgetSpecification?
    /// How counts are told; `exact` unless written.
    package let counts: CountsRule
}

/// The formats in which a run writes a table.
package enum TableFormat: String, CaseIterable, Sendable {
    case csv, jsonl
}

/// Where the opt-outs are, and how they bind.
package struct OptOutSpecification: Sendable, Equatable {
    package let file: Marked<String>
    package let basis: Marked<Basis>
    package let effect: Marked<Effect>
    package let missing: Marked<Missing>
    /// How many of a million rows may be gone since the last run; 100,000 unless written.
    package let maxShrink: Marked<Int>

    /// Which date the effective date is held against.
    package enum Basis: String, CaseIterable, Sendable {
        case use, event
    }

    /// What an opt-out takes away.
    package enum Effect: String, CaseIterable, Sendable {
        case fields
        case dropRecord = "drop_record"
    }

    /// What a record without a customer counts as.
    package enum Missing: String, CaseIterable, Sendable {
        case optedOut = "opted-out"
        case allowed
    }
}

/// How many unreadable records a run may set aside, and where.
package struct QuarantineSpecification: Sendable, Equatable {
    package let limit: Marked<Limit>
    /// Whether raw lines are kept too; false unless written.
    package let keepLines: Marked<Bool>
    /// nil for a folder in the state directory.
    package let path: Marked<String>?

    /// How much is too much.
    package enum Limit: Sendable, Equatable {
        /// More than this many of a million records read.
        case perMillion(Int)
        /// More than this many records.
        case records(Int)
    }
}

extension PublishSpecification {
    static func decode(
        _ setting: Setting,
        path: String,
        _ context: DecodingContext
    ) -> PublishSpecification {
        let section = SectionReader(setting, PipelineReference.publish, path: path, context)
        let publish = PublishSpecification(
            persons: section.integer("persons", in: ControlRules.personsFloor...1_000_000)
                ?? .standard(10),
            customers: section.integer("customers", in: 1...1_000_000) ?? .standard(3),
            zeros: section.choice("zeros", ControlRules.Showing.self) ?? .standard(.shown),
            wholes: section.choice("wholes", ControlRules.Showing.self) ?? .standard(.shown),
            crossings: section.choice("crossings", ControlRules.Crossings.self),
            priorPercent: section.integer("prior_percent", in: 1...100) ?? .standard(10),
            dominance: section.optional("dominance").flatMap {
                DominanceRule.decode($0, path: section.path("dominance"), context)
            },
            path: section.requiredText("path"),
            formats: section.publicationFormats(context) ?? [.standard("csv")],
            closeAfter: section.period("close_after") ?? .standard(standardCloseAfter),
            audience: section.choice("audience", Readers.self) ?? .standard(.internal),
            late: section.choice("late", LateRule.self) ?? .standard(.count),
            correctWithin: section.period("correct_within") ?? .standard(standardCorrectWithin),
            provisional: section.text("provisional"),
            other: section.texts("other").map { $0.filter { $0.value != "none" } },
            forCustomers: section.optional("for_customers").map {
                CustomerTablesSpecification.decode(
                    $0, path: section.path("for_customers"), context)
            },
            budget: section.optional("budget").map {
                BudgetSpecification.decode($0, path: section.path("budget"), context)
            },
            counts: section.optional("counts").flatMap {
                CountsRule.decode($0, path: section.path("counts"), context)
            } ?? .exact
        )
        section.finish()
        return publish
    }

    /// A week, as long as keys stay for late records.
    static let standardCloseAfter = CalendarDuration(months: 0, days: 7)

    static let standardCorrectWithin = CalendarDuration(months: 1, days: 0)
}

extension DominanceRule {
    fileprivate static func decode(
        _ setting: Setting, path: String, _ context: DecodingContext
    ) -> DominanceRule? {
        let section = SectionReader(setting, PipelineReference.dominance, path: path, context)
        _ = section.required("percent")
        let contributors = section.integer("contributors", in: 1...2)?.value ?? 1
        let percent = section.integer("percent", in: 1...99)?.value
        section.finish()
        return percent.flatMap { DominanceRule(contributors: contributors, percent: $0) }
    }
}

extension OptOutSpecification {
    static func decode(
        _ setting: Setting,
        path: String,
        _ context: DecodingContext
    ) -> OptOutSpecification? {
        if case .text = setting {
            return context.text(setting, path: path).map {
                OptOutSpecification(
                    file: $0,
                    basis: .standard(.use),
                    effect: .standard(.fields),
                    missing: .standard(.optedOut),
                    maxShrink: .standard(SectionReader.shrinkStandard)
                )
            }
        }
        let section = SectionReader(setting, PipelineReference.optOuts, path: path, context)
        let file = section.requiredText("file")
        let basis = section.choice("basis", Basis.self) ?? .standard(.use)
        let effect = section.choice("effect", Effect.self) ?? .standard(.fields)
        let missing = section.choice("missing", Missing.self) ?? .standard(.optedOut)
        let maxShrink = section.share("max_shrink", context)
        section.finish()
        return file.map {
            OptOutSpecification(
                file: $0, basis: basis, effect: effect, missing: missing,
                maxShrink: maxShrink ?? .standard(SectionReader.shrinkStandard))
        }
    }
}

extension QuarantineSpecification {
    /// One record in a thousand, positions and reasons only.
    static let standard = QuarantineSpecification(
        limit: .standard(.perMillion(1000)),
        keepLines: .standard(false),
        path: nil
    )

    static func decode(
        _ setting: Setting,
        path: String,
        _ context: DecodingContext
    ) -> QuarantineSpecification {
        let section = SectionReader(setting, PipelineReference.quarantine, path: path, context)
        let written = section.text("limit")
        let limit = written.flatMap { text in
            Limit(text.value).map { Marked($0, at: text.position) }
        }
        if let written, limit == nil {
            context.faults.add(
                "expected a share such as `0.1%` (up to `100%`, four decimals) or a number of "
                    + "records",
                at: written.position,
                path: section.path("limit")
            )
        }
        let quarantine = QuarantineSpecification(
            limit: limit ?? standard.limit,
            keepLines: section.flag("keep_lines") ?? standard.keepLines,
            path: section.text("path")
        )
        section.finish()
        return quarantine
    }
}

extension QuarantineSpecification.Limit {
    /// Reads `0.1%` or `25`; nil for anything else.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.last == UInt8(ascii: "%") else {
            guard let count = Self.number(bytes[...], digitsMax: 12) else { return nil }
            self = .records(count)
            return
        }
        let parts = bytes.dropLast().split(
            separator: UInt8(ascii: "."),
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        guard let whole = Self.number(parts[0], digitsMax: 3) else { return nil }
        var fraction = 0
        if parts.count == 2 {
            guard let digits = Self.number(parts[1], digitsMax: 4) else { return nil }
            fraction = digits
            for _ in parts[1].count..<4 { fraction *= 10 }
        }
        guard whole * 10_000 + fraction <= 1_000_000 else { return nil }
        self = .perMillion(whole * 10_000 + fraction)
    }

    private static func number(_ digits: ArraySlice<UInt8>, digitsMax: Int) -> Int? {
        guard (1...digitsMax).contains(digits.count),
            digits.allSatisfy({ (48...57).contains($0) })
        else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    }
}

extension SectionReader {
    /// How many of a million rows of a list may be gone since the last run: one in ten.
    static let shrinkStandard = 100_000

    /// A share such as `10%`, as parts in a million.
    func share(_ key: String, _ context: DecodingContext) -> Marked<Int>? {
        guard let text = text(key) else { return nil }
        if case .perMillion(let share) = QuarantineSpecification.Limit(text.value) {
            return Marked(share, at: text.position)
        }
        context.faults.add(
            "expected a share such as `10%`, up to `100%`",
            at: text.position,
            path: path(key)
        )
        return nil
    }
}
