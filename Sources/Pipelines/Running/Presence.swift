internal import FileSystem
internal import Ledger
internal import Records
private import Glibc

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

/// True for a part of `plan` that was taken out of a folder which is there, or with its folder out
/// of that of its output, in which other things lie; otherwise its disk may be missing.
func isTakenAway(_ part: PartRecord, _ plan: Plan) throws(PipelineFailure) -> Bool {
    if try isPresent(part.path) { return false }
    if try isPresent(splitPath(part.path).directory) { return true }
    let output = plan.outputs.first { $0.name.utf8.elementsEqual(part.output.utf8) }
    guard let root = output?.path.fixedFolder, part.path.hasPrefix(root + "/") else {
        return false
    }
    do {
        guard try FileStatus.of(root)?.kind == .directory else { return false }
        return try !Directory.open(root).names().isEmpty
    } catch { throw .storage("cannot list \(root)", error) }
}

/// True when nothing is at `path`, or a file of somebody else that may not be read, as `fault` says
/// that came of opening it: what strangers put beside results stops no run.
func isNoneOfOurs(_ path: String, _ fault: FileFault) -> Bool {
    if fault.code == "ENOENT" || fault.code == "ENOTDIR" { return true }
    guard fault.code == "EACCES", let status = try? FileStatus.of(path) else { return false }
    return status.owner != geteuid()
}

/// The files that the patterns mean now, each once; a pattern may mean none.
func presentFiles(_ patterns: [String]) throws(PipelineFailure) -> [String] {
    do { return try SourceListing.expand(patterns: patterns, allowingNone: true) } catch {
        throw .source(SourceFault(.cannotOpen, source: error.path, expectation: "\(error)"))
    }
}

/// The files that lie at `path` now, whatever stands in its placeholders.
///
/// A folder that cannot be listed is a fault: taken for an empty one, a file that is due would
/// stay, and one with somebody's records would be missing in what that person is told. What
/// strangers put there stops nobody. Messages show the path with its placeholders: names stand in
/// them.
func presentFiles(at path: PathTemplate) throws(PipelineFailure) -> [String] {
    let pattern = path.parts.reduce(into: "") { text, part in
        switch part {
        case .literal(let literal): text += literal
        case .placeholder: text += "*"
        }
    }
    do {
        return try SourceListing.expand(
            patterns: [pattern], allowingNone: true, amongStrangers: true)
    } catch { throw .storage("cannot list the files of \(path.text)", error) }
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

/// The names of the folders in the folder at `path`, those that a link leads to among them, in
/// their order; none when there is no folder.
///
/// As among files, a link that cannot be followed and a name that is not UTF-8 stop no run.
func presentFolders(in path: String) throws(FileFault) -> [String] {
    guard let folder = try presentFolder(at: path) else { return [] }
    var found: [String] = []
    for bytes in try folder.nameBytes() {
        guard let name = String(validating: bytes, as: UTF8.self) else { continue }
        var kind = try folder.status(of: name)?.kind
        if kind == .symbolicLink { kind = (try? FileStatus.of(folder.path(of: name)))?.kind }
        if kind == .directory { found.append(name) }
    }
    return found
}

/// The folder at `path`, open; nil when there is none.
private func presentFolder(at path: String) throws(FileFault) -> Directory? {
    do { return try Directory.open(path) } catch {
        if error.code == "ENOENT" || error.code == "ENOTDIR" { return nil }
        throw error
    }
}
