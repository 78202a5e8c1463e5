/// Breaks `text` between words into lines of at most `columnsMax` characters, all but the first
/// indented by `indent` spaces. A word that is longer than a line stays whole, so that a path can
/// still be copied.
package func wrapped(_ text: String, columnsMax: Int, indent: Int = 2) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
        if !line.isEmpty, line.count + 1 + word.count > columnsMax {
            lines.append(line)
            line = String(repeating: " ", count: indent) + word
        } else {
            line += line.isEmpty ? String(word) : " \(word)"
        }
    }
    if !line.isEmpty { lines.append(line) }
    return lines
}
