internal import FileSystem

/// The file that a collector of metrics reads.
package enum MetricsFile {
    /// Refuses a path that is a folder. The folder around it may be one that a run makes.
    package static func check(_ path: String) throws(PipelineFailure) {
        if try presentStatus(of: path)?.kind == .directory {
            throw .usage("--metrics: \(path) is a directory: expected a file")
        }
    }

    /// Puts `text` into the file at `path`, in one step; its folder must be there.
    ///
    /// Collectors run as users of their own, and nothing in it is secret on the machine: mode 0644.
    package static func write(_ text: String, to path: String) throws(PipelineFailure) {
        let place = splitPath(path)
        do {
            let directory = try Directory.open(place.directory)
            let mark = WriterMark.of("metrics", anchored(path, at: try workingFolder()))
            _ = try DurableFile.removeLeftovers(
                in: directory, of: mark,
                living: try DurableFile.livingRuns(in: directory, of: mark))
            let file = try DurableFile.begin(
                in: directory, named: place.name, mode: 0o644, mark: mark)
            try file.write(Array(text.utf8).span)
            try file.commit()
        } catch let failure as PipelineFailure {
            throw failure
        } catch {
            throw .storage("cannot write the metrics: \(error)")
        }
    }
}
