import Publication
import Records
import TestSupport
import Testing

@Suite struct HTMLWriterTests {
    private static func text(_ body: (inout HTMLWriter) -> Void) -> String {
        var html = HTMLWriter()
        body(&html)
        return String(decoding: html.buffer.array(), as: UTF8.self)
    }

    @Test(arguments: [
        ("a", "a"), ("<b>", "&lt;b&gt;"), ("a & b", "a &amp; b"), ("\"", "&quot;"),
        ("it's", "it&#39;s"), ("\u{0}\u{1b}", "\u{fffd}\u{fffd}"), ("é\n", "é\n"),
        ("&lt;", "&amp;lt;"), ("</script>", "&lt;/script&gt;"),
    ]) func everyTextIsEscaped(value: String, expected: String) {
        #expect(Self.text { $0.text(value) } == expected)
        #expect(
            Self.text { $0.element("p", ["title": value], text: value) }
                == "<p title=\"\(expected)\">\(expected)</p>")
    }

    @Test func tablesHaveCaptionsAndHeads() {
        let table = Self.text {
            $0.table(caption: "a & b", [.text("name"), .number("count")], [["<x>", "3"]])
        }
        #expect(table.contains("<caption>a &amp; b</caption>"))
        #expect(table.contains("<th scope=\"col\">name</th>"))
        #expect(table.contains("<th scope=\"row\">&lt;x&gt;</th>"))
        #expect(table.contains("<td class=\"number\">3</td>"))
        #expect(table.contains("aria-label=\"a &amp; b\""))
    }

    @Test func aPageFetchesNothingAndRunsNothing() {
        let page = String(
            decoding: HTMLPage.write(title: "<t>") { $0.element("p", text: "x") }, as: UTF8.self)
        #expect(page.hasPrefix("<!doctype html>\n<html lang=\"en\">"))
        #expect(page.contains("<title>&lt;t&gt;</title>"))
        for word in ["<script", "http://", "https://", "url(", "@import", "javascript"] {
            #expect(!page.contains(word))
        }
        #expect(page.contains("prefers-color-scheme: dark") && page.contains("@media print"))
        #expect(page.contains("default-src &#39;none&#39;"))
    }

    @Test func randomTextsNeverBecomeMarkup() {
        let seed: UInt64 = 0x417_2026
        var random = SeededGenerator(seed: seed)
        let pieces = ["<", ">", "&", "\"", "'", "a", "/", "script", "=", " ", "\u{7}", "é", ";"]
        for _ in 0..<2000 {
            var value = ""
            for _ in 0..<Int.random(in: 0...9, using: &random) {
                value += pieces.randomElement(using: &random) ?? ""
            }
            let written = Self.text { $0.text(value) }
            #expect(!written.contains { "<>\"'".contains($0) }, "seed \(seed)")
        }
    }
}
