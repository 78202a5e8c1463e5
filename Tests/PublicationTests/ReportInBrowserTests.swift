import Publication
import TestSupport
import Testing

/// Reports in a real browser; left out where there is none.
@Suite(.serialized, .enabled(if: try Want.chromium.isMet(Browser.isUsable)))
struct ReportInBrowserTests {
    private static func open(
        _ publication: Publication = SamplePublication.plain(),
        _ language: ReportLanguage = .english, _ look: (Browser) throws -> Void
    ) throws {
        let browser = try Browser()
        defer { browser.quit() }
        try browser.show(HTMLReport.page(publication, in: language))
        try look(browser)
    }

    @Test func fitsEveryWidth() throws {
        try Self.open { browser throws in
            for (width, media) in [(360, "screen"), (1024, "screen"), (688, "print")] {
                try browser.setSize(width: width, media: media, isDark: false)
                let most = try browser.evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth")
                #expect(most == "0", "\(width) \(media)")
            }
        }
    }

    @Test func tablesSort() throws {
        try Self.open { browser throws in
            let head = "document.querySelectorAll('#table3 th.number')[0]"
            let order =
                "[...document.querySelectorAll('#table3 tbody tr')]"
                + ".map((row) => row.cells[0].textContent).join()"
            let before = try browser.evaluate(order)
            #expect(try browser.evaluate("\(head).querySelector('button').click()") == "undefined")
            #expect(try browser.evaluate("\(head).ariaSort") == "descending")
            #expect(
                try browser.evaluate(order)
                    == "Chrome,Safari,Vivaldi,(empty),Edge,Firefox,Opera")
            _ = try browser.evaluate("\(head).querySelector('button').click()")
            #expect(try browser.evaluate("\(head).ariaSort") == "ascending")
            #expect(
                try browser.evaluate(order)
                    == "Edge,(empty),Vivaldi,Safari,Chrome,Firefox,Opera")
            _ = try browser.evaluate("\(head).querySelector('button').click()")
            #expect(try browser.evaluate("\(head).ariaSort") == "null")
            #expect(try browser.evaluate(order) == before)
        }
    }

    @Test func tablesFilter() throws {
        try Self.open { browser throws in
            let shown = try browser.evaluate(
                """
                (() => {
                  const input = document.querySelector('#table3 input[type=search]');
                  input.value = 'SAF';
                  input.dispatchEvent(new Event('input'));
                  const rows = [...document.querySelectorAll('#table3 tbody tr')];
                  return rows.filter((row) => row.checkVisibility()).length + ': '
                    + document.querySelector('#table3 output').textContent
                    + (input.labels.length === 1);
                })()
                """)
            #expect(shown == "1: 1 of 7 rowstrue")
        }
    }

    @Test func chartsAreWalkedWithArrowKeys() throws {
        try Self.open { browser throws in
            #expect(
                try browser.evaluate(
                    "[...document.querySelectorAll('svg.plot')].every((plot) => "
                        + "plot.querySelectorAll('.point[tabindex=\"0\"]').length === 1)")
                    == "true")
            let label = try browser.evaluate(
                """
                (() => {
                  const first = document.querySelector('#table2 .point');
                  first.focus();
                  first.dispatchEvent(
                    new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
                  return document.activeElement.getAttribute('aria-label').split('\\n')[0];
                })()
                """)
            #expect(label == "2 March 2026")
        }
    }

    /// WCAG 2.2, 1.4.3: text against what is behind it, 4.5 to 1 at least.
    @Test(arguments: [("screen", false), ("screen", true), ("print", true)])
    func textHasContrast(media: String, isDark: Bool) throws {
        let measure = """
            (() => {
              const channels = (text) => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
              const light = (color) => {
                const [r, g, b] = color.slice(0, 3).map((value) => {
                  const share = value / 255;
                  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
                });
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
              };
              const behind = (element) => {
                for (let at = element; at; at = at.parentElement) {
                  const color = channels(getComputedStyle(at).backgroundColor);
                  if (color.length === 3 || color[3] === 1) return color;
                }
                return [255, 255, 255];
              };
              const faults = new Set();
              let seen = 0;
              for (const element of document.querySelectorAll('body *')) {
                if (!element.checkVisibility({ visibilityProperty: true })) continue;
                const own = [...element.childNodes].some(
                  (node) => node.nodeType === 3 && node.textContent.trim());
                if (!own || element.closest('script')) continue;
                const style = getComputedStyle(element);
                const color = channels(element.closest('svg') ? style.fill : style.color);
                const [a, b] = [light(color), light(behind(element))].sort((x, y) => y - x);
                seen += 1;
                if ((a + 0.05) / (b + 0.05) < 4.5) {
                  faults.add(element.tagName + '.' + element.getAttribute('class'));
                }
              }
              return seen > 100 ? [...faults].join() : 'too little seen: ' + seen;
            })()
            """
        try Self.open { browser throws in
            try browser.setSize(width: 1024, media: media, isDark: isDark)
            #expect(try browser.evaluate(measure) == "")
        }
    }

    /// A gradient becomes an image for each cell on paper: a thousand of them took minutes.
    @Test func withheldFiguresPrintWithoutImages() throws {
        try Self.open { browser throws in
            let images =
                "[...document.querySelectorAll('.withheld')].filter((element) => "
                + "getComputedStyle(element).backgroundImage !== 'none').length"
            try browser.setSize(width: 1024, media: "screen", isDark: false)
            #expect(try browser.evaluate(images) != "0")
            try browser.setSize(width: 688, media: "print", isDark: false)
            #expect(try browser.evaluate(images) == "0")
        }
    }

    @Test func theSwitchGoesAgainstTheSystem() throws {
        try Self.open { browser throws in
            try browser.setSize(width: 1024, media: "screen", isDark: false)
            let page = "getComputedStyle(document.body).backgroundColor"
            #expect(try browser.evaluate(page) == "rgb(255, 255, 255)")
            _ = try browser.evaluate("document.getElementById('look-dark').click()")
            #expect(try browser.evaluate(page) == "rgb(20, 24, 31)")
        }
    }

    @Test func hostileTextDoesNotRun() throws {
        let attack = "</script><script>window.ran = 1</script><img src=x onerror='window.ran = 1'>"
        try Self.open(SamplePublication.hostile(attack), .dutch) { browser throws in
            #expect(try browser.evaluate("window.ran") == "undefined")
            #expect(try browser.evaluate("document.scripts.length") == "1")
            #expect(try browser.evaluate("document.images.length") == "0")
            #expect(try browser.evaluate("document.documentElement.className") == "js")
        }
    }
}
