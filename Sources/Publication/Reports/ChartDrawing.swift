/// Charts as SVG whose places are percentages: letters keep their size at every width.
struct ChartDrawing {
    let texts: ReportTexts
    /// The chart's number on the page, for ids.
    let number: Int

    /// Writes the chart with its title, its key and its data.
    func write(_ chart: Chart, into html: inout HTMLWriter) {
        html.element("figure", ["class": "chart"]) { figure in
            figure.element("figcaption", ["class": "chart-title"], text: chart.title)
            switch chart.form {
            case .lines(let steps, let series): lines(chart, steps, series, &figure)
            case .bars(let bars, let left): self.bars(chart, bars, left, &figure)
            }
            figure.element("p", ["class": "data"]) { line in
                switch chart.data {
                case .own(let data):
                    line.link(to: .csv(data.csv, name: "\(data.name)-chart.csv")) {
                        $0.text(texts.downloadChart)
                    }
                case .ofTable(let table):
                    line.link(to: .part("data", table)) { $0.text(texts.downloadLong) }
                }
            }
        }
    }

    private func label(_ title: String, _ description: String, _ svg: inout HTMLWriter) {
        svg.element("title", ["id": "ct\(number)"], text: title)
        svg.element("desc", ["id": "cd\(number)"], text: description)
    }

    /// What a mark says, in words.
    func words(_ mark: ChartMark) -> String {
        switch mark {
        case .value(_, let text): text
        case .suppressed(let reason?):
            "\(texts.markWithheld): \(texts.sentence(reason))"
        case .suppressed(nil): texts.markWithheld
        case .notMeasured: texts.notMeasured
        case .absent: "\u{2013}"
        }
    }
}

// MARK: Bars

extension ChartDrawing {
    private static let rowHeight = 36

    private func bars(
        _ chart: Chart, _ bars: [Chart.Bar], _ left: Int, _ html: inout HTMLWriter
    ) {
        let scale = ChartScale(bars.compactMap(\.mark.height))
        let bottom = bars.count * Self.rowHeight + 4
        html.element(
            "svg",
            [
                "class": "plot bars", "height": "\(bottom + 20)", "role": "group",
                "aria-labelledby": "ct\(number)", "aria-describedby": "cd\(number)",
            ]
        ) { svg in
            label(chart.title, texts.bars(bars.count), &svg)
            for tick in scale.ticks {
                let at = percent(scale.place(of: tick))
                if tick != scale.ticks.first, tick != scale.ticks.last {
                    svg.element(
                        "line",
                        ["class": "grid", "x1": at, "x2": at, "y1": "0", "y2": "\(bottom)"]
                    ) { _ in }
                }
                svg.element(
                    "text",
                    [
                        "class": "tick", "x": at, "y": "\(bottom + 15)",
                        "text-anchor": anchor(scale.place(of: tick)),
                    ], text: texts.tick(tick))
            }
            for (index, bar) in bars.enumerated() { self.bar(bar, index, scale, &svg) }
        }
        if left > 0 { html.element("p", ["class": "note"], text: texts.onlyInTable(left)) }
    }

    private func bar(
        _ bar: Chart.Bar, _ index: Int, _ scale: ChartScale, _ svg: inout HTMLWriter
    ) {
        let top = index * Self.rowHeight
        let share = bar.share.map { " \u{b7} \($0)" } ?? ""
        let words = "\(bar.name): \(self.words(bar.mark))\(share)"
        svg.element("g", ["class": "point", "tabindex": "0", "role": "img", "aria-label": words]) {
            point in
            point.element("title", text: words)
            point.rect(["class": "hit", "x": "0", "y": "\(top)", "width": "100%", "height": "34"])
            point.element(
                "text", ["class": "name", "x": "0", "y": "\(top + 15)"], text: short(bar.name))
            point.element(
                "text",
                [
                    "class": "figure \(style(bar.mark))", "x": "100%", "y": "\(top + 15)",
                    "text-anchor": "end",
                ], text: figure(bar.mark) + share)
            point.rect([
                "class": "track", "x": "0", "y": "\(top + 21)", "width": "100%", "height": "9",
            ])
            switch bar.mark {
            case .value(let value, _):
                let (zero, end) = (scale.place(of: 0), scale.place(of: value))
                point.rect([
                    "class": "bar", "x": percent(min(zero, end)), "y": "\(top + 21)",
                    "width": percent(abs(end - zero)), "height": "9",
                ])
            case .suppressed:
                point.rect([
                    "class": "hidden", "fill": "url(#hatch)", "x": "0", "y": "\(top + 21)",
                    "width": "48", "height": "9",
                ])
            case .notMeasured:
                point.rect([
                    "class": "unmeasured", "x": "0", "y": "\(top + 21)", "width": "48",
                    "height": "9",
                ])
            case .absent: break
            }
        }
    }

    private func style(_ mark: ChartMark) -> String {
        switch mark {
        case .value: "told"
        case .suppressed: "withheld"
        case .notMeasured, .absent: "missing"
        }
    }

    private func figure(_ mark: ChartMark) -> String {
        switch mark {
        case .value(_, let text): text
        case .suppressed: texts.markWithheld
        case .notMeasured: texts.markNotMeasured
        case .absent: ""
        }
    }

    /// Not longer than a narrow page has room for; the whole name is in the tooltip and the table.
    private func short(_ name: String) -> String {
        name.count > 34 ? name.prefix(33) + "\u{2026}" : name
    }
}

// MARK: Lines

extension ChartDrawing {
    private static let height = 220.0

    private func lines(
        _ chart: Chart, _ steps: [Chart.Step], _ series: [Chart.Series], _ html: inout HTMLWriter
    ) {
        let scale = ChartScale(series.flatMap { $0.marks.compactMap(\.height) })
        if series.count > 1 { key(series, &html) }
        html.element("div", ["class": "axes"]) { box in
            box.element(
                "svg",
                [
                    "class": "plot lines", "height": "\(Int(Self.height) + 26)", "role": "group",
                    "aria-labelledby": "ct\(number)", "aria-describedby": "cd\(number)",
                ]
            ) { svg in
                label(chart.title, texts.lines(series.count, steps.count), &svg)
                axes(steps, scale, &svg)
                for (index, one) in series.enumerated() { path(one, index, scale, &svg) }
                for index in steps.indices { point(index, steps, series, scale, &svg) }
            }
        }
        states(series, &html)
    }

    private func axes(_ steps: [Chart.Step], _ scale: ChartScale, _ svg: inout HTMLWriter) {
        for tick in scale.ticks {
            let y = pixels(tick, scale)
            svg.element(
                "line",
                ["class": tick == 0 ? "base" : "grid", "x1": "0", "x2": "100%", "y1": y, "y2": y]
            ) { _ in }
            svg.element(
                "text", ["class": "tick", "x": "-8", "y": y, "dy": "4", "text-anchor": "end"],
                text: texts.tick(tick))
        }
        let every = max(1, (steps.count + 4) / 5)
        for index in stride(from: 0, to: steps.count, by: every) {
            svg.element(
                "text",
                [
                    "class": "tick", "x": x(index, of: steps.count),
                    "y": "\(Int(Self.height) + 20)", "text-anchor": "middle",
                ], text: steps[index].short)
        }
    }

    /// The line; it breaks where a figure is missing.
    private func path(
        _ series: Chart.Series, _ index: Int, _ scale: ChartScale, _ svg: inout HTMLWriter
    ) {
        let count = series.marks.count
        for at in series.marks.indices.dropLast() {
            guard let from = series.marks[at].height, let to = series.marks[at + 1].height else {
                continue
            }
            svg.element(
                "line",
                [
                    "class": "line s\(index + 1)", "x1": x(at, of: count),
                    "x2": x(at + 1, of: count), "y1": pixels(from, scale), "y2": pixels(to, scale),
                ]
            ) { _ in }
        }
    }

    /// All that there is at one step: what the pointer or the keyboard stops at.
    private func point(
        _ index: Int, _ steps: [Chart.Step], _ series: [Chart.Series], _ scale: ChartScale,
        _ svg: inout HTMLWriter
    ) {
        let lines = series.map { one in
            series.count == 1 && one.name == texts.all
                ? words(one.marks[index]) : "\(one.name): \(words(one.marks[index]))"
        }
        let label = ([steps[index].label] + lines).joined(separator: "\n")
        let width = 1 / Double(steps.count)
        svg.element("g", ["class": "point", "tabindex": "0", "role": "img", "aria-label": label]) {
            group in
            group.element("title", text: label)
            group.rect([
                "class": "hit", "x": percent(Double(index) * width), "y": "0",
                "width": percent(width), "height": "\(Int(Self.height))",
            ])
            group.element("svg", ["x": x(index, of: steps.count), "overflow": "visible"]) { place in
                place.element(
                    "line", ["class": "guide", "y1": "0", "y2": "\(Int(Self.height))"]
                ) { _ in }
                for (number, one) in series.enumerated() {
                    marker(one.marks[index], number, scale, isSmall: steps.count > 20, &place)
                }
                tip([steps[index].label] + lines, isRight: index * 2 >= steps.count, &place)
            }
        }
    }

    private func tip(_ lines: [String], isRight: Bool, _ svg: inout HTMLWriter) {
        let (at, anchor) = isRight ? ("-10", "end") : ("10", "start")
        svg.element(
            "text", ["class": "tip", "text-anchor": anchor, "aria-hidden": "true"]
        ) { text in
            for (index, line) in lines.enumerated() {
                text.element(
                    "tspan",
                    ["class": index == 0 ? "when" : "what", "x": at, "y": "\(14 + index * 18)"],
                    text: line)
            }
        }
    }

    private func marker(
        _ mark: ChartMark, _ series: Int, _ scale: ChartScale, isSmall: Bool,
        _ svg: inout HTMLWriter
    ) {
        let base = pixels(0, scale)
        switch mark {
        case .value(let value, _):
            svg.shape(series, at: pixels(value, scale), isSmall: isSmall)
        case .suppressed:
            svg.element("svg", ["y": base, "overflow": "visible"]) {
                $0.rect([
                    "class": "hidden", "fill": "url(#hatch)", "x": "-5", "y": "-5", "width": "10",
                    "height": "10",
                ])
            }
        case .notMeasured:
            svg.element("svg", ["y": base, "overflow": "visible"]) {
                $0.element("path", ["class": "cross", "d": "M-4-4 4 4M-4 4 4-4"]) { _ in }
            }
        case .absent: break
        }
    }

    /// The key of the lines: a name beside the look of each.
    private func key(_ series: [Chart.Series], _ html: inout HTMLWriter) {
        html.element("ul", ["class": "key"]) { list in
            for (index, one) in series.enumerated() {
                list.element("li") { item in
                    item.element("svg", ["class": "swatch", "aria-hidden": "true"]) { svg in
                        svg.element(
                            "line",
                            [
                                "class": "line s\(index + 1)", "x1": "0", "x2": "28", "y1": "8",
                                "y2": "8",
                            ]
                        ) { _ in }
                        svg.element("svg", ["x": "14", "overflow": "visible"]) {
                            $0.shape(index, at: "8", isSmall: false)
                        }
                    }
                    item.element("span", text: one.name)
                }
            }
        }
    }

    /// The key of the marks that stand for no figure, as far as they occur.
    private func states(_ series: [Chart.Series], _ html: inout HTMLWriter) {
        var (hidden, missing) = (false, false)
        for case .suppressed in series.flatMap(\.marks) { hidden = true }
        for case .notMeasured in series.flatMap(\.marks) { missing = true }
        guard hidden || missing else { return }
        html.element("ul", ["class": "key"]) { list in
            if hidden {
                list.element("li") { item in
                    item.element("svg", ["class": "swatch small", "aria-hidden": "true"]) {
                        $0.rect([
                            "class": "hidden", "fill": "url(#hatch)", "x": "1", "y": "3",
                            "width": "10", "height": "10",
                        ])
                    }
                    item.element("span", text: texts.markWithheld)
                }
            }
            if missing {
                list.element("li") { item in
                    item.element("svg", ["class": "swatch small", "aria-hidden": "true"]) {
                        $0.element("path", ["class": "cross", "d": "M2 4 10 12M2 12 10 4"]) { _ in }
                    }
                    item.element("span", text: texts.notMeasured)
                }
            }
        }
    }

    private func x(_ index: Int, of count: Int) -> String {
        percent((Double(index) + 0.5) / Double(max(1, count)))
    }

    private func pixels(_ value: Double, _ scale: ChartScale) -> String {
        let tenths = Int(((1 - scale.place(of: value)) * Self.height * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}

private func percent(_ share: Double) -> String {
    let hundredths = Int((share * 10_000).rounded())
    let fraction = hundredths % 100
    return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)%"
}

private func anchor(_ share: Double) -> String {
    share < 0.02 ? "start" : share > 0.98 ? "end" : "middle"
}

extension HTMLWriter {
    mutating func rect(_ attributes: Attributes) { element("rect", attributes) { _ in } }

    /// The mark of a line: another shape for each, so that colour is not all that tells them apart.
    mutating func shape(_ series: Int, at y: String, isSmall: Bool) {
        let outline: String =
            switch series {
            case 0: "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z"
            case 1: "M-3.5-3.5h7v7h-7z"
            case 2: "M0-5 4.5 3.5h-9z"
            case 3: "M0-5 5 0 0 5-5 0z"
            case 4: "M0 5 4.5-3.5h-9z"
            default: "M-5-1.5h10v3h-10z"
            }
        element("svg", ["y": y, "overflow": "visible"]) {
            $0.element(
                "path",
                ["class": "mark m\(series + 1)\(isSmall ? " small" : "")", "d": outline]
            ) { _ in }
        }
    }
}
