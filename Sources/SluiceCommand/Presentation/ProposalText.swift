import Pipelines

/// What `init` says on standard error.
enum ProposalText {
    static func text(_ proposal: Proposal, output: String?, _ palette: Palette) -> String {
        let file = output ?? "PIPELINE"
        var parts = [
            "proposed from \(NumberText.grouped(proposal.recordCount)) records of "
                + "`\(proposal.format)` with \(proposal.fieldCount) fields"
        ]
        if proposal.unreadableCount > 0 {
            parts.append(
                "\(NumberText.grouped(proposal.unreadableCount)) lines could not be read; a run "
                    + "sets them aside")
        }
        if proposal.withheldNames > 0 {
            parts.append(
                "\(proposal.withheldNames) names are not told, for they may be values; their "
                    + "fields are dropped")
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
