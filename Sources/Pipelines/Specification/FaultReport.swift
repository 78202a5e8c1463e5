package import Records

/// Renders the faults of a pipeline file for people and for machines.
package enum FaultReport {
    /// One line for each fault, in the order of the file, without a last line feed:
    /// `nightly.yaml:12:5: fields.ip: what was found and expected; did you mean …?`
    package static func render(_ faults: [SettingFault], file: String) -> String {
        inOrder(faults).map { line($0, file: file) }.joined(separator: "\n")
    }

    /// The faults as one JSON array of objects with `file`, `line`, `column`, `path`, `message` and
    /// `suggestion` (null when no valid name is near).
    package static func json(_ faults: [SettingFault], file: String) -> String {
        let objects = inOrder(faults).map { fault in
            let suggestion = fault.suggestion.map(quoted) ?? "null"
            return "{\"file\":\(quoted(file)),\"line\":\(fault.position.line)"
                + ",\"column\":\(fault.position.column),\"path\":\(quoted(fault.path))"
                + ",\"message\":\(quoted(fault.message)),\"suggestion\":\(suggestion)}"
        }
        return "[" + objects.joined(separator: ",") + "]"
    }

    private static func inOrder(_ faults: [SettingFault]) -> [SettingFault] {
        faults.sorted { $0.position < $1.position }
    }

    private static func line(_ fault: SettingFault, file: String) -> String {
        var line = file
        if fault.position.line > 0 {
            line += ":\(fault.position.line):\(fault.position.column)"
        }
        line += ": "
        if !fault.path.isEmpty { line += "\(fault.path): " }
        line += fault.message
        if let suggestion = fault.suggestion { line += "; did you mean `\(suggestion)`?" }
        return printable(line)
    }

    /// The text with every control and formatting character replaced by U+FFFD: names and keys come
    /// from files and arguments and may hold escapes that a terminal would obey.
    package static func printable(_ text: String) -> String {
        var line = ""
        for scalar in text.unicodeScalars {
            line.unicodeScalars.append(isControl(scalar) ? "\u{FFFD}" : scalar)
        }
        return line
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    private static func quoted(_ text: String) -> String {
        var json = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                json += "\\"
                json.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                json += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: json.unicodeScalars.append(scalar)
            }
        }
        return json + "\""
    }
}
