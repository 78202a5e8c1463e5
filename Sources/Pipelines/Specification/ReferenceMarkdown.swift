package import Anonymization
import Records

/// The reference of the pipeline file as Markdown, for the README.
package func pipelineReferenceMarkdown(
    transforms: [TransformDescriptor],
    formats: [CatalogueEntry],
    measures: [CatalogueEntry],
    publications: [CatalogueEntry] = []
) -> String {
    var page: [String] = []
    for section in PipelineReference.sections {
        page.append(section.path.isEmpty ? "### The file" : "### `\(section.path)`")
        page.append(section.help)
        page.append(optionTable(section.keys, heading: "key"))
    }
    page.append("### The file of holds: `\(PipelineReference.hold.path)`")
    page.append(PipelineReference.hold.help)
    page.append(optionTable(PipelineReference.hold.keys, heading: "key"))
    page.append("### Why a record is quarantined")
    page.append(reasonList)
    page += catalogue("Formats", entries: formats)
    page += catalogue(
        "Transforms",
        entries: transforms.map {
            CatalogueEntry(
                name: $0.name,
                summary: "\($0.summary) *Guarantees:* \($0.guarantees) *Still leaks:* \($0.leaks)",
                shorthand: $0.shorthand,
                options: $0.options
            )
        }
    )
    page += catalogue("Measures", entries: measures)
    page += catalogue("Formats of publications", entries: publications)
    return page.joined(separator: "\n\n") + "\n"
}

private func catalogue(_ title: String, entries: [CatalogueEntry]) -> [String] {
    guard !entries.isEmpty else { return [] }
    var blocks = ["### \(title)"]
    for entry in entries {
        blocks.append("#### `\(entry.name)`")
        let shorthand = entry.shorthand.map { " A bare value is `\($0)`." } ?? ""
        blocks.append(entry.summary + shorthand)
        if !entry.options.isEmpty { blocks.append(optionTable(entry.options, heading: "option")) }
    }
    return blocks
}

private func optionTable(_ options: [OptionDescriptor], heading: String) -> String {
    var lines = ["| \(heading) | values | default | meaning |", "|---|---|---|---|"]
    for option in options {
        let cells = ["`\(option.name)`", option.values, option.standard, option.help]
        lines.append("| " + cells.map(escapedCell).joined(separator: " | ") + " |")
    }
    return lines.joined(separator: "\n")
}

private var reasonList: String {
    QuarantineReason.allCases.map { "* `\($0.code)`: \($0.words)" }.joined(separator: "\n")
}

/// A bar would end the cell, even between backticks; a line feed the table.
private func escapedCell(_ text: String) -> String {
    var cell = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "|": cell += "\\|"
        case "\n", "\r": cell += " "
        default: cell.unicodeScalars.append(scalar)
        }
    }
    return cell
}
