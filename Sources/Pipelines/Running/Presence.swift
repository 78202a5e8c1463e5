internal import FileSystem
internal import Records

/// The status of what is at `path`; nil when nothing is there.
///
/// What cannot be looked at is a fault. Taken for missing, a key store would let an opt-out leave
/// everything as it is, and a file that is due would be left out as one that was taken away.
func presentStatus(of path: String) throws(PipelineFailure) -> FileStatus? {
    do { return try FileStatus.of(path) } catch {
        throw .storage("cannot look at \(path)", error)
    }
}

/// True when there is something at `path`; a dry run makes nothing that is missing.
func isPresent(_ path: String) throws(PipelineFailure) -> Bool {
    try presentStatus(of: path) != nil
}

/// The files that the patterns mean now; a pattern may mean none.
func presentFiles(_ patterns: [String]) throws(PipelineFailure) -> [String] {
    var found: [String] = []
    for pattern in patterns {
        do { found += try SourceListing.expand(patterns: [pattern]) } catch {
            guard error.cause == .noMatch || error.errorNumber == 2 else {
                throw .source(
                    SourceFault(.cannotOpen, source: error.path, expectation: "\(error)")
                )
            }
        }
    }
    return found
}

/// The regular files in the folder at `path`, in the order of their names; none when there is no
/// folder.
///
/// Whoever may write there can put anything into it: a link, wherever it leads, and a name that is
/// not UTF-8 are no file of a run and stop none.
func presentFiles(
    in path: String
) throws(PipelineFailure) -> [(name: String, status: FileStatus)] {
    do throws(FileFault) {
        guard let folder = try presentFolder(at: path) else { return [] }
        var found: [(name: String, status: FileStatus)] = []
        for bytes in try folder.nameBytes() {
            guard let name = String(validating: bytes, as: UTF8.self),
                let status = try folder.status(of: name), status.kind == .regular
            else { continue }
            found.append((name, status))
        }
        return found
    } catch { throw .storage("cannot list \(path)", error) }
}

/// The folder at `path`, open; nil when there is none.
private func presentFolder(at path: String) throws(FileFault) -> Directory? {
    do { return try Directory.open(path) } catch {
        if error.code == "ENOENT" || error.code == "ENOTDIR" { return nil }
        throw error
    }
}
