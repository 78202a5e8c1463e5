private import Anonymization
package import Records

/// One of the pipeline's own tests: records in, expected results out.
package struct TestSpecification: Sendable, Equatable {
    package let name: Marked<String>
    /// The run's date, or date and time (RFC 3339); planning reads it in the pipeline's zone.
    package let now: Marked<String>
    /// Records as a source file would hold them.
    package let input: Marked<String>
    /// The path of the source, for pipelines that read a date from it.
    package let path: Marked<String>?
    /// The expected text of outputs, disclosures and statistics, by name.
    package let results: [ExpectedText]
    /// The list of opt-outs in force, in place of the pipeline's file.
    package let optOuts: Marked<String>?
    /// The rows of reference tables as CSV, by name, in place of the pipeline's tables.
    package let tables: [TestTable]
    /// nil when the test does not care.
    package let dropped: ExpectedCount?
    package let quarantined: ExpectedCount?
    package let position: SettingPosition
}

/// A reference table of a test.
package struct TestTable: Sendable, Equatable {
    package let name: Marked<String>
    package let text: String
}

/// The text that one result of a test must have.
package struct ExpectedText: Sendable, Equatable {
    /// Which part of the pipeline makes the result.
    package enum Kind: String, CaseIterable, Sendable {
        case output, disclosures, statistics
    }

    package let kind: Kind
    package let name: Marked<String>
    package let text: String
}

/// How many records a test expects to be left out.
package enum ExpectedCount: Sendable, Equatable {
    case total(Marked<Int>)
    /// By the code of the reason; reasons not named must not occur.
    case byReason([ReasonCount])

    /// The number of records left out for one reason.
    package struct ReasonCount: Sendable, Equatable {
        package let reason: Marked<String>
        package let count: Int
    }
}

extension TestSpecification {
    static func decode(
        _ setting: Setting,
        path: String,
        _ context: DecodingContext
    ) -> TestSpecification? {
        let section = SectionReader(setting, PipelineReference.test, path: path, context)
        let name = section.requiredText("name")
        let now = section.requiredText("now")
        let input = section.required("input").flatMap {
            context.content($0, path: section.path("input"))
        }
        let source = section.text("path")
        let results = ExpectedText.Kind.allCases.flatMap { section.results($0, context) }
        let optOuts = section.optional("opt_outs").flatMap {
            context.content($0, path: section.path("opt_outs"))
        }
        let tables = section.tables(context)
        let dropped = section.count("dropped", reasons: DropReason.allCases.map(\.code), context)
        let quarantined = section.count(
            "quarantined",
            reasons: QuarantineReason.allCases.map(\.code),
            context
        )
        section.finish()
        if let now { checkDate(now, path: section.path("now"), context.faults) }
        guard let name, let now, let input else { return nil }
        return TestSpecification(
            name: name,
            now: now,
            input: input,
            path: source,
            results: results,
            optOuts: optOuts,
            tables: tables,
            dropped: dropped,
            quarantined: quarantined,
            position: setting.position
        )
    }

    /// Whether it is a time does not depend on the zone; which one it is does.
    private static func checkDate(_ now: Marked<String>, path: String, _ faults: Faults) {
        if RunClock(text: now.value, zone: .utc) != nil { return }
        faults.add(
            "expected a date such as `2026-03-01`, or a date and time with its zone such as "
                + "`2026-03-01T02:00:00Z`",
            at: now.position,
            path: path
        )
    }
}

extension DecodingContext {
    /// Text that may be empty: the content of a file.
    fileprivate func content(_ setting: Setting, path: String) -> Marked<String>? {
        switch setting {
        case .text(let text, let position): return Marked(text, at: position)
        case .empty(let position): return Marked("", at: position)
        case .list, .mapping:
            faults.add(
                "found \(setting.kindName), expected text (write `|` and indent the lines)",
                at: setting.position,
                path: path
            )
            return nil
        }
    }
}

extension SectionReader {
    /// The expected texts behind the key of `kind`.
    fileprivate func results(
        _ kind: ExpectedText.Kind,
        _ context: DecodingContext
    ) -> [ExpectedText] {
        members(kind.rawValue).compactMap { member in
            let path = "\(path(kind.rawValue)).\(member.key)"
            guard let content = context.content(member.value, path: path) else { return nil }
            return ExpectedText(
                kind: kind,
                name: Marked(member.key, at: member.keyPosition),
                text: content.value
            )
        }
    }

    /// The tables of a test in the order of the file.
    fileprivate func tables(_ context: DecodingContext) -> [TestTable] {
        members("tables").compactMap { member in
            context.content(member.value, path: "\(path("tables")).\(member.key)").map {
                TestTable(name: Marked(member.key, at: member.keyPosition), text: $0.value)
            }
        }
    }

    /// A number of records, or numbers by reason.
    fileprivate func count(
        _ key: String,
        reasons: [String],
        _ context: DecodingContext
    ) -> ExpectedCount? {
        let range = 0...1_000_000
        guard case .mapping(let members, _) = optional(key) else {
            return integer(key, in: range).map { .total($0) }
        }
        return .byReason(
            members.compactMap { member in
                guard reasons.contains(member.key) else {
                    context.faults.add(
                        "unknown reason `\(member.key)`",
                        at: member.keyPosition,
                        path: path(key),
                        suggestion: nearestName(to: member.key, among: reasons)
                    )
                    return nil
                }
                guard case .text(let text, _) = member.value, let count = Int(text),
                    range.contains(count)
                else {
                    context.faults.add(
                        "expected a whole number from 0 to 1000000",
                        at: member.value.position,
                        path: "\(path(key)).\(member.key)"
                    )
                    return nil
                }
                return ExpectedCount.ReasonCount(
                    reason: Marked(member.key, at: member.keyPosition),
                    count: count
                )
            }
        )
    }
}
