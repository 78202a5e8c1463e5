import Publication
import Statistics
import TestSupport
import Testing

@Suite struct HTMLReportTests {
    private static func page(
        _ publication: Publication, _ language: ReportLanguage = .english
    ) -> StrictPage { StrictPage(HTMLReport.page(publication, in: language)) }

    @Test(arguments: ReportLanguage.allCases, Publication.Kind.allCases)
    func isWellFormedAndNamed(language: ReportLanguage, kind: Publication.Kind) {
        let page = Self.page(SamplePublication.plain(kind: kind), language)
        #expect(page.faults == [])
        #expect(page.all("html").first?.attributes["lang"] == language.rawValue)
        for landmark in ["header", "nav", "main", "h1"] {
            #expect(page.all(landmark).count == 1, "\(landmark)")
        }
        #expect(page.all("table").count == page.all("caption").count)
        #expect(page.all("th").allSatisfy { $0.attributes["scope"] != nil })
        #expect(page.all("svg").filter { $0.attributes["role"] != nil }.count == 3)
        #expect(page.all("desc").count == 3)
    }

    @Test("a long table is shown in part, says so, and is whole in its one download")
    func longTable() throws {
        let count = 2_345
        let rows = (0..<count).map { number in
            ControlledTable.Row(
                key: [Array("2026-03".utf8), Array("v\(10_000 + number)".utf8)],
                cells: [.value(.integer(Int64(number + 20)))])
        }
        let table = ControlledTable(
            name: "long", groupColumns: ["month", "action"],
            columns: [MeasuredColumn(name: "times", role: .count)], rows: rows, persons: 10,
            withheld: WithheldShare(cells: 0, cellsTotal: count, records: 0, recordsTotal: 0))
        var publication = SamplePublication.plain(kind: .final)
        publication.tables = [PublishedTable(purpose: "statistics", customers: 3, table: table)]
        for language in ReportLanguage.allCases {
            let page = Self.page(publication, language)
            #expect(page.faults == [])
            let body = page.all("tr").count { $0.attributes["class"] == nil }
            #expect(body > 2_000 && body < 2_100)
            let told = page.text.contains(language == .dutch ? "2.345" : "2,345")
            #expect(told)
            let downloads = page.all("a").filter { $0.attributes["download"] != nil }
            #expect(downloads.map { $0.attributes["download"] } == ["long.csv"])
            #expect(downloads[0].attributes["href"]?.utf8.count ?? 0 > count * 16)
            // The chart has a way to its data all the same.
            #expect(page.all("a").contains { $0.attributes["href"] == "#data1" })
            #expect(page.all("p").contains { $0.attributes["id"] == "data1" })
        }
    }

    /// A page that looks at all rows for each row would take sixteen times as long.
    @Test func fourTimesTheRowsTakeAboutFourTimesAsLong() throws {
        let seconds = [10_000, 40_000].map { count in
            let rows = (0..<count).map { number in
                ControlledTable.Row(
                    key: [Array("2026-03".utf8), Array("v\(number)".utf8)],
                    cells: [.value(.integer(Int64(number + 20)))])
            }
            let table = ControlledTable(
                name: "long", groupColumns: ["month", "action"],
                columns: [MeasuredColumn(name: "times", role: .count)], rows: rows, persons: 10,
                withheld: WithheldShare(cells: 0, cellsTotal: count, records: 0, recordsTotal: 0))
            var publication = SamplePublication.plain(kind: .final)
            publication.tables = [PublishedTable(purpose: "statistics", customers: 3, table: table)]
            return processorSeconds { _ = HTMLReport.page(publication, in: .english) }
        }
        #expect(seconds[1] < 10 * seconds[0], "\(seconds)")
    }

    /// Texts that would break out of text, attribute, script, style, comment and CDATA.
    static let attacks = [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onload='alert(1)",
        "</script><script>alert(1)//", "</style><svg onload=alert(1)>", "]]><!--", "-->",
        "<![CDATA[x]]>", "&lt;&#60;", "{{n}}${x}", "=HYPERLINK(\"http://x.example\",\"a\")",
        "javascript:alert(1)", "\u{0}\u{1}\u{7f}\u{85}\u{202e}\u{ffff}\u{fffe}",
        "\u{301}\"\u{301}>",
        "'); DROP TABLE dictionary;--", "x'\u{301}; --", "_", "", "a/b?c#d",
    ]

    @Test(arguments: attacks) func hostileTextStaysText(attack: String) {
        for language in ReportLanguage.allCases {
            let page = Self.page(SamplePublication.hostile(attack), language)
            let plain = Self.page(SamplePublication.hostile("x"), language)
            #expect(page.faults == [])
            #expect(page.all("script").count == 1)
            // A text that is missing leaves its line out; every other one changes no element.
            let isSame = zip(page.elements, plain.elements).allSatisfy { one, other in
                one.name == other.name
                    && Set(one.attributes.keys) == Set(other.attributes.keys)
            }
            #expect(attack.isEmpty || (isSame && page.elements.count == plain.elements.count))
            for link in page.all("a") {
                let target = link.attributes["href"] ?? ""
                #expect(
                    target.hasPrefix("#")
                        || target.hasPrefix("data:text/csv;charset=utf-8;base64,"))
            }
        }
    }

    @Test func randomTextNeverBecomesMarkup() {
        let seed: UInt64 = 0x4_2026
        var random = SeededGenerator(seed: seed)
        let pieces = ["<", ">", "&", "\"", "'", "a", "/", "script", "=", " ", "\u{7}", "é", "!"]
        for _ in 0..<60 {
            let text = (0..<8).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            let page = Self.page(SamplePublication.hostile(text))
            #expect(page.faults == [], "seed \(seed)")
            #expect(page.all("script").count == 1, "seed \(seed)")
        }
    }

    @Test func nothingIsFetchedAndOnlyOwnScriptsRun() {
        let page = Self.page(SamplePublication.plain())
        let policy =
            page.all("meta").compactMap { meta in
                meta.attributes["http-equiv"] == "Content-Security-Policy"
                    ? meta.attributes["content"] : nil
            }.first ?? ""
        #expect(policy.contains("default-src 'none'"))
        #expect(policy.contains("script-src 'sha256-"))
        #expect(!policy.contains("unsafe"))
        for element in page.elements {
            for key in ["src", "style", "srcset", "action"] {
                #expect(element.attributes[key] == nil)
            }
            #expect(!element.attributes.keys.contains { $0.hasPrefix("on") })
        }
    }

    @Test func figuresZerosAndGapsLookDifferent() {
        let page = Self.page(SamplePublication.plain())
        let classes = page.all("td").compactMap { $0.attributes["class"] }
        for style in ["told", "zero", "withheld", "missing"] {
            #expect(classes.contains("number \(style)"), "\(style)")
        }
        #expect(page.text.contains("12,190"))
        #expect(page.text.contains("n/a"))
        #expect(page.text.contains("<10"))
        #expect(
            Self.page(SamplePublication.plain(), .dutch).text.contains("12.190"))
    }

    @Test(arguments: SuppressionReason.allCases, ReportLanguage.allCases)
    func eachReasonHasItsSentence(reason: SuppressionReason, language: ReportLanguage) {
        var publication = SamplePublication.plain()
        let table = SamplePublication.table(
            "t", ["k"], [("n", .count)], [(["a"], [.suppressed(reason)])])
        publication.tables = [PublishedTable(purpose: "p", customers: 0, table: table)]
        let page = Self.page(publication, language)
        let told = page.all("span").compactMap { $0.attributes["title"] }
        #expect(told.count == 1)
        // Once as a tooltip's text for readers, once under the table, once in the list of all.
        let sentence = told.first ?? "?"
        #expect(page.text.split(separator: sentence, omittingEmptySubsequences: false).count == 4)
    }

    @Test func theSamePublicationGivesTheSameBytes() {
        let publication = SamplePublication.plain()
        #expect(
            HTMLReport.page(publication, in: .english)
                == HTMLReport.page(publication, in: .english))
    }

    @Test func anEmptyPublicationIsAPage() {
        var publication = SamplePublication.plain()
        publication.tables = []
        publication.late = []
        #expect(Self.page(publication).faults == [])
        publication.tables = [
            PublishedTable(
                purpose: "p", customers: 0,
                table: SamplePublication.table("t", [], [("n", .count)], []))
        ]
        #expect(Self.page(publication).faults == [])
    }

    @Test func hugeAndNegativeFiguresAreDrawn() {
        var publication = SamplePublication.plain()
        let cells: [ControlledCell] = [
            .value(.integer(.max)), .value(.integer(.min)),
            .value(.decimal(ExactDecimal(billionths: .max))),
            .value(.decimal(ExactDecimal(billionths: 1))), .zero,
        ]
        let rows = cells.enumerated().map { (["k\($0.offset)"], [$0.element]) }
        publication.tables = [
            PublishedTable(
                purpose: "p", customers: 0,
                table: SamplePublication.table("t", ["k"], [("n", .magnitude)], rows))
        ]
        #expect(Self.page(publication).faults == [])
    }
}
