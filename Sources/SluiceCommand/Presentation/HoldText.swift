internal import Pipelines

/// Holds as people and machines read them.
struct HoldText: RegistryAnswer {
    let holds: [HoldListing]

    func text(columnsMax: Int) -> String {
        guard !holds.isEmpty else { return "no holds\n" }
        return holds.map { hold in
            lines(hold).flatMap { OptOutText.indented($0, columnsMax) }.joined(separator: "\n")
        }.joined(separator: "\n\n") + "\n"
    }

    private func lines(_ hold: HoldListing) -> [String] {
        var lines = ["\(hold.name): \(hold.state.rawValue)"]
        lines.append(
            "  ground \(hold.ground)"
                + (hold.notice.map { ", notice given \($0)" } ?? "")
                + (hold.citation.map { ", \($0)" } ?? ""))
        lines.append("  reason: \(hold.reason)")
        lines.append("  raised \(hold.raised) by \(hold.raisedBy)")
        lines.append(
            "  binds from \(hold.start)" + (hold.end.map { " until \($0)" } ?? " until released"))
        if let released = hold.released {
            lines.append("  released \(released) by \(hold.releasedBy ?? "")")
        }
        for subject in hold.subjects {
            var line = "  \(subject.kind)" + (subject.value.map { " \($0)" } ?? "")
            if let from = subject.from { line += ", events from \(from)" }
            if let until = subject.until { line += ", events before \(until)" }
            lines.append(line)
        }
        if !hold.outputs.isEmpty {
            lines.append("  may stay readable in \(hold.outputs.joined(separator: ", "))")
        }
        return lines
    }

    var json: String {
        JSONValue.object([
            ("status", .integer(Int(ExitStatus.success))),
            ("holds", .array(holds.map(Self.value))),
        ]).json
    }

    private static func value(_ hold: HoldListing) -> JSONValue {
        .object([
            ("name", .text(hold.name)), ("state", .text(hold.state.rawValue)),
            ("ground", .text(hold.ground)), ("notice", .optional(hold.notice)),
            ("citation", .optional(hold.citation)), ("reason", .text(hold.reason)),
            ("raised", .text(hold.raised)), ("raised_by", .text(hold.raisedBy)),
            ("start", .text(hold.start)), ("end", .optional(hold.end)),
            ("released", .optional(hold.released)), ("released_by", .optional(hold.releasedBy)),
            (
                "subjects",
                .array(
                    hold.subjects.map { subject in
                        .object([
                            ("kind", .text(subject.kind)), ("value", .optional(subject.value)),
                            ("from", .optional(subject.from)),
                            ("until", .optional(subject.until)),
                        ])
                    })
            ),
            ("outputs", .array(hold.outputs.map { .text($0) })),
        ])
    }
}
