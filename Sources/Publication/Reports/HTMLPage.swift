internal import KeyedHashing
internal import Records

/// A whole page: self-contained, nothing is fetched; light or dark as the reader's system is, and
/// on paper black on white. Scripts and styles are literals of the source code; the page names
/// their digests and lets nothing else run.
package enum HTMLPage {
    /// Writes the page with what `body` writes between `main` tags; no script.
    package static func write(
        title: String, language: String = "en", _ body: (inout HTMLWriter) -> Void
    ) -> [UInt8] {
        write(title: title, language: language, style: nil, script: nil) { inner in
            inner.element("main") { body(&$0) }
        }
    }

    /// Writes the page with what `body` writes between `body` tags; `style` comes after the style
    /// that all pages share, `script` runs when the page is there.
    static func write(
        title: String, language: String, style own: StaticString?, script: StaticString?,
        body: (inout HTMLWriter) -> Void
    ) -> [UInt8] {
        let styles = [style] + (own.map { [$0] } ?? [])
        var policy = "default-src 'none'; base-uri 'none'; form-action 'none'; style-src"
        for text in styles { policy += " " + source(text) }
        if let script { policy += "; script-src " + source(script) }
        var html = HTMLWriter()
        html.literal("<!doctype html>\n")
        html.element("html", ["lang": language]) { html in
            html.element("head") { head in
                head.void("meta", ["charset": "utf-8"])
                head.void(
                    "meta", ["http-equiv": "Content-Security-Policy", "content": policy])
                head.void(
                    "meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
                head.void("meta", ["name": "color-scheme", "content": "light dark"])
                head.void("meta", ["name": "referrer", "content": "no-referrer"])
                head.element("title", text: title)
                for text in styles { head.element("style") { $0.literal(text) } }
            }
            html.element("body") { inner in
                body(&inner)
                if let script { inner.element("script") { $0.literal(script) } }
            }
        }
        html.literal("\n")
        return html.buffer.array()
    }

    /// What a policy calls a script or style that it lets through (CSP Level 3 §2.3.1).
    private static func source(_ text: StaticString) -> String {
        var bytes = ByteBuffer(capacity: text.utf8CodeUnitCount)
        bytes.append(text)
        let digest = Digest256.of(bytes.bytes).bytes
        return "'sha256-\(String(decoding: Base64.text(of: digest), as: UTF8.self))'"
    }

    private static let style: StaticString = """

        :root { --ink: #1c2330; --soft: #566072; --page: #ffffff; --panel: #f4f6f9;
          --line: #d4dae3; --good: #1a6b3c; --good-panel: #e8f4ec; --bad: #a32222;
          --bad-panel: #fbebea; --accent: #2b5a9e; }
        @media (prefers-color-scheme: dark) {
          :root { --ink: #e4e8ef; --soft: #a2adbd; --page: #14181f; --panel: #1e242e;
            --line: #39424f; --good: #7fd3a0; --good-panel: #16291e; --bad: #f09a94;
            --bad-panel: #331a1a; --accent: #8fb8f2; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--page); color: var(--ink);
          font: 16px/1.5 system-ui, sans-serif; }
        main { max-width: 76rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
        h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .25rem; }
        h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; padding-bottom: .25rem;
          border-bottom: 1px solid var(--line); }
        h3 { font-size: 1.05rem; margin: 1.75rem 0 .5rem; }
        p { margin: .5rem 0; max-width: 48rem; }
        code { font: .92em ui-monospace, monospace; overflow-wrap: anywhere; }
        .soft { color: var(--soft); }
        .verdict { padding: .9rem 1.1rem; border-radius: .4rem; margin: 1.25rem 0;
          border-left: .35rem solid; font-weight: 600; }
        .verdict.good { color: var(--good); background: var(--good-panel); }
        .verdict.bad { color: var(--bad); background: var(--bad-panel); }
        dl { display: grid; grid-template-columns: max-content minmax(0, 1fr);
          gap: .3rem 1.25rem; margin: 1rem 0; }
        dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
        .scroll { overflow-x: auto; margin: .75rem 0 1.25rem; }
        .scroll:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
        table { border-collapse: collapse; width: 100%; font-size: .92rem; }
        caption { text-align: left; color: var(--soft); padding: 0 0 .4rem;
          font-size: .92rem; }
        th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0;
          border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
        thead th { color: var(--soft); font-weight: 600; border-bottom-width: 2px;
          white-space: nowrap; }
        tbody th { font-weight: 600; }
        .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap;
          padding-left: .75rem; }
        ul { padding-left: 1.25rem; max-width: 48rem; } li { margin: .25rem 0; }
        @media (max-width: 40rem) { dl { grid-template-columns: 1fr; gap: 0; }
          dd { margin-bottom: .6rem; } }
        @media print { :root { --ink: #000; --soft: #333; --page: #fff; --line: #999;
            --good: #000; --bad: #000; --good-panel: #fff; --bad-panel: #fff; }
          body { font-size: 10pt; } main { max-width: none; padding: 0; }
          .scroll { overflow: visible; } h2, h3, caption { break-after: avoid; }
          tr { break-inside: avoid; } thead { display: table-header-group; } }

        """
}
