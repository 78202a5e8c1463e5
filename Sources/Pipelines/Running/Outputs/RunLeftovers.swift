internal import FileSystem

/// Removes what killed runs left under temporary names in the folders that a plan writes to.
///
/// Such a file can be full of readable records. Two pipelines must not share a folder: a file that
/// one of them has committed and not yet renamed looks like a leftover to the other.
struct RunLeftovers {
    let plan: Plan

    /// Clears the folders whose names the plan fixes, and `further` ones.
    func remove(further: [String] = []) throws(PipelineFailure) {
        let outputs = plan.outputs.map(\.path)
        let tables = plan.tables.flatMap(\.paths).map(\.path)
        let fixed = (outputs + tables).compactMap(Self.fixedFolder)
        let quarantine = [plan.quarantine.path].compactMap { $0 }
        for folder in Set(fixed + quarantine + further).sorted() { try clear(folder) }
    }

    private func clear(_ folder: String) throws(PipelineFailure) {
        guard let present = try? FileStatus.of(folder), present.kind == .directory else { return }
        do {
            let directory = try Directory.open(folder, creating: false, mode: 0o700)
            _ = try DurableFile.removeLeftovers(in: directory)
        } catch {
            throw .storage("cannot clear \(folder): \(error)")
        }
    }

    /// The folder of `path`; nil for standard output and when it is another for each day or value.
    private static func fixedFolder(_ path: PathTemplate) -> String? {
        if path.isStandardOutput { return nil }
        let folder = splitPath(path.text).directory
        return folder.utf8.contains(UInt8(ascii: "{")) ? nil : folder
    }
}
