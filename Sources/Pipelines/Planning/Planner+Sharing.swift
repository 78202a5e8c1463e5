internal import Anonymization
internal import Records

extension Planner {
    /// What an output must say before it may hold limited production data or leave the company.
    func checkSharing(_ outputs: [OutputPlan]) {
        for (index, output) in specification.outputs.enumerated() {
            checkLimited(output, "outputs[\(index + 1)]")
            checkExpiry(output, "outputs[\(index + 1)]")
        }
        var folders: [String: String] = [:]
        for plan in outputs {
            guard let path = plan.termsPath else { continue }
            guard let other = folders.updateValue(plan.name, forKey: path) else { continue }
            let place = specification.outputs.first { $0.name.value == plan.name }?.path.position
            faults.add(
                "`\(plan.name)` and `\(other)` are both shared and lie in one folder: expected a "
                    + "folder of its own for each, where its \(SharingTerms.fileName) stands",
                at: place ?? .none, path: "outputs")
        }
    }

    /// Limited production data is limited in access and time.
    private func checkLimited(_ output: OutputSpecification, _ path: String) {
        guard let field = limitedField(output) else { return }
        for (isMissing, key) in [
            (output.readers.isEmpty && output.safeguards == nil, "readers"),
            (output.expires == nil, "expires"),
        ] where isMissing {
            faults.add(
                "`\(field)` is limited production data, which is limited in access and time: "
                    + "expected `\(key)`",
                at: output.name.position, path: "\(path).\(key)")
        }
    }

    /// Only a ledger knows which files there are and when each was to go.
    private func checkExpiry(_ output: OutputSpecification, _ path: String) {
        let hasManyFiles = output.path.value.placeholders.contains { $0 != "name" }
        if let safeguards = output.safeguards, specification.state == nil, hasManyFiles {
            faults.add(
                "`delete_after` in a pipeline without `state`, which forgets the files of other "
                    + "days and could neither age nor delete them: expected `state`, or one file, "
                    + "which each run writes anew",
                at: safeguards.deleteAfter.position, path: "\(path).safeguards.delete_after")
        }
        guard let expires = output.expires, specification.state == nil else { return }
        faults.add(
            "`expires` in a pipeline without `state`, which forgets the files that it has written "
                + "and could delete none: expected `state`",
            at: expires.position, path: "\(path).expires")
    }

    /// A field of limited production data that the output writes, if there is one.
    private func limitedField(_ output: OutputSpecification) -> String? {
        guard let purpose = purposes[output.purpose.value] else { return nil }
        let names = specification.fields.map(\.field.value) + output.fields.map(\.field.value)
        return names.first { name in
            let own = output.fields.first { $0.field.value == name }
            let base = specification.fields.first { $0.field.value == name }
            guard (own?.category ?? base?.category)?.value == .limitedProduction,
                FieldUse(category: .limitedProduction, purposes: nil).isAllowed(for: purpose)
            else { return false }
            if let columns = output.columns, !columns.contains(where: { $0.value == name }) {
                return false
            }
            let transform = (own ?? base)?.transform
            return transform.map { $0.name.value != "drop" } ?? false
        }
    }
}
