package import Pipelines

/// Recalls for people and for machines.
package enum RecallText {
    /// One block a recall; with a last line feed.
    package static func text(_ listings: [RecallListing], columnsMax: Int) -> String {
        if listings.isEmpty { return "nothing to be given back\n" }
        var lines: [String] = []
        for listing in listings {
            let head = "\(listing.id)  \(listing.recipient)  \(listing.output), \(listing.purpose)"
            lines.append(FaultReport.printable(head))
            var facts = [
                "because of \(listing.cause), raised \(listing.raised)",
                "delete \(listing.file) (\(NumberText.counted(Int(listing.records), "record")))",
                "  sha256 \(listing.sha256)",
            ]
            if listing.successor.isEmpty {
                facts.append("nothing has taken its place")
            } else {
                facts.append("take \(listing.successor) instead")
                facts.append("  sha256 \(listing.successorSHA256)")
            }
            if !listing.answered.isEmpty {
                facts.append("answered \(listing.answered) by \(listing.answeredBy)")
            }
            lines += facts.map { "    \(FaultReport.printable($0))" }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// One recall as a JSON object.
    package static func json(_ listing: RecallListing) -> JSONValue {
        .object([
            ("id", .integer(Int(listing.id))), ("recipient", .text(listing.recipient)),
            ("output", .text(listing.output)), ("purpose", .text(listing.purpose)),
            ("cause", .text(listing.cause)), ("file", .text(listing.file)),
            ("sha256", .text(listing.sha256)), ("records", .integer(Int(listing.records))),
            ("successor", .optional(listing.successor.isEmpty ? nil : listing.successor)),
            (
                "successor_sha256",
                .optional(listing.successorSHA256.isEmpty ? nil : listing.successorSHA256)
            ),
            ("raised", .text(listing.raised)),
            ("answered", .optional(listing.answered.isEmpty ? nil : listing.answered)),
            ("answered_by", .optional(listing.answeredBy.isEmpty ? nil : listing.answeredBy)),
        ])
    }
}
