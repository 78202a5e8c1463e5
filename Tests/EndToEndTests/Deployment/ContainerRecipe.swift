import Foundation

/// The instructions of a Containerfile, in their order, those of each image by themselves.
struct ContainerRecipe {
    struct Instruction {
        /// In capitals, such as `RUN`.
        let word: String
        /// The rest of its line and of the lines that go on with it, split at blanks.
        let words: [String]
        var text: String { words.joined(separator: " ") }
    }

    struct Stage {
        let base: String
        let name: String?
        var instructions: [Instruction] = []

        func all(_ word: String) -> [Instruction] { instructions.filter { $0.word == word } }
    }

    /// Arguments with a value of their own, which stand in front of the first image.
    private(set) var arguments: [String: String] = [:]
    private(set) var stages: [Stage] = []
    /// What is no instruction, or stands where it may not.
    private(set) var faults: [String] = []

    private static let known: Set = [
        "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK",
        "LABEL", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
    ]

    init(_ text: String) {
        var line = ""
        for part in text.split(separator: "\n", omittingEmptySubsequences: false) {
            // Comments may stand between the lines of an instruction, too.
            if part.drop(while: { $0 == " " }).hasPrefix("#") { continue }
            if part.hasSuffix("\\") {
                line += part.dropLast() + " "
                continue
            }
            take(line + part)
            line = ""
        }
        if !line.isEmpty { faults.append("the last line goes on") }
    }

    private mutating func take(_ line: String) {
        var words = line.split(separator: " ").map(String.init)
        guard let word = words.first else { return }
        words.removeFirst()
        switch word {
        case "FROM":
            let base = words.first.map(resolved) ?? ""
            let isNamed = words.count == 3 && words[1].uppercased() == "AS"
            if !isNamed, words.count != 1 { faults.append(line) }
            stages.append(Stage(base: base, name: isNamed ? words[2] : nil))
        case "ARG" where stages.isEmpty:
            let parts = words.joined().split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2 { arguments[parts[0]] = parts[1] } else { faults.append(line) }
        case _ where stages.isEmpty || !Self.known.contains(word): faults.append(line)
        default:
            let instruction = Instruction(word: word, words: words)
            stages[stages.count - 1].instructions.append(instruction)
        }
    }

    /// An argument's value where its name stands in brackets.
    private func resolved(_ word: String) -> String {
        guard word.hasPrefix("${"), word.hasSuffix("}") else { return word }
        return arguments[String(word.dropFirst(2).dropLast())] ?? ""
    }
}
