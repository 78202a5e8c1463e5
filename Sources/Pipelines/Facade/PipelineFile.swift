internal import FileSystem
internal import Ledger
internal import Records

/// A pipeline file, read once: what stands in a pipe cannot be read again.
package struct PipelineFile: Sendable {
    /// The path as people wrote it.
    package let path: String
    /// What stands in the file, or why it cannot be read.
    let content: Result<[UInt8], PipelineFailure>

    /// The longest pipeline file in bytes.
    private static let bytesMax = 1 << 20

    /// Reads the file at `path`.
    package init(_ path: String) {
        self.path = path
        do throws(FileFault) {
            content = .success(
                try FileDescriptor.reading(path).readAll(limitBytes: Self.bytesMax))
        } catch {
            content = .failure(
                .faults(
                    [SettingFault("cannot read the pipeline file: \(error)", at: .none)],
                    file: path))
        }
    }
}

extension Sluice {
    /// Reads pipeline files for a command that runs none of them. `isConfined` closes to the
    /// process, for good, all but what they name to be looked into, and everything for writing.
    package static func read(pipelines: [String], isConfined: Bool) -> [PipelineFile] {
        let files = pipelines.map { PipelineFile($0) }
        if isConfined {
            var places = Confinement.Places()
            for file in files { addPlaces(of: file, to: &places) }
            _ = Confinement.enter(places)
        }
        return files
    }

    /// Adds what planning opens besides the pipeline file: tables, the list of opt-outs, files of
    /// keys, and the names of what the state remembers. Where faults of the file keep it from being
    /// planned, nothing.
    private static func addPlaces(of file: PipelineFile, to places: inout Confinement.Places) {
        let faults = Faults()
        guard let bytes = try? file.content.get(), let root = readSettings(bytes, faults: faults),
            let specification = PipelineSpecification.decode(
                root, DecodingContext(faults: faults, known: knownNames))
        else { return }
        let world = world(folder: splitPath(file.path).directory, now: nil)
        if let optOuts = specification.optOuts {
            places.read.append(world.resolve(optOuts.file.value))
        }
        for table in specification.tables {
            let path = world.resolve(table.place.path.value)
            switch table.place {
            case .file: places.read.append(path)
            case .database: places.read += OutsideDatabase(path: path).files
            }
        }
        // A rule with a key may stand anywhere; that the column of a table is named so, too, opens
        // at most a file that is called like it. A folder is no key.
        for path in root.texts(behind: "key").map({ world.resolve($0) }) {
            guard let status = try? FileStatus.of(path), status.kind != .directory else { continue }
            places.read.append(path)
            places.listed.append(splitPath(path).directory)
        }
        if let state = specification.state.map({ world.resolve($0.value) }) {
            places.listed += ["\(state)/tables", "\(state)/quarantine"]
        }
    }
}
