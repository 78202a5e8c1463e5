import Pipelines

/// What `init` says on standard error.
enum ProposalText {
    static func text(_ proposal: Proposal, output: String?, _ palette: Palette) -> String {
        let file = output ?? "PIPELINE"
        var parts = [
            "proposed from \(NumberText.counted(proposal.recordCount, "record")) of "
                + "`\(proposal.format)` with \(NumberText.counted(proposal.fieldCount, "field"))"
        ]
        if proposal.unreadableCount > 0 {
            parts.append(
                "\(NumberText.counted(proposal.unreadableCount, "line")) could not be read; a run "
                    + "sets them aside, and fails past the limit of `quarantine`")
        }
        switch proposal.withheldNames {
        case 0: break
        case 1: parts.append("1 name not told, as it may be a value; its field is dropped")
        case let names:
            parts.append(
                "\(NumberText.grouped(names)) names not told, as they may be values; their fields "
                    + "are dropped")
        }
        if proposal.hasFurtherHeaders {
            parts.append(
                "another header follows in the log: fields that only it names are not in the "
                    + "proposal, and so dropped")
        }
        if proposal.unsureFields.isEmpty {
            parts.append(palette.good("sure of every field") + "; read the file all the same")
        } else {
            parts.append(
                palette.bad("unsure of \(proposal.unsureFields.count):") + " "
                    + proposal.unsureFields.joined(separator: ", "))
        }
        parts.append("next: sluice explain \(file), sluice test \(file), sluice run \(file)")
        return parts.flatMap { wrapped($0, columnsMax: Terminal.tableColumns) }
            .joined(separator: "\n") + "\n"
    }
}
