internal import FileSystem
internal import Records

/// One file of a store as it was found.
struct StoreFile {
    var path: String
    var folder: String
    var name: String
    var status: FileStatus
}

/// Finds the files of a store and refuses what cannot be replaced safely.
struct StoreListing {
    /// The files that can be looked at, in the order of their paths.
    private(set) var files: [StoreFile] = []
    /// Files that are left alone because somebody writes to them, or has just done so.
    private(set) var busy: [String] = []
    /// Those of them whose times lie ahead of the system's clock.
    private(set) var misdated: [String] = []
    /// What the patterns pass over because its name begins with a dot.
    private(set) var passedOver: [String] = []

    /// Looks up `patterns`. `unsettled` is the instant since which a file must not have been
    /// written to; nil: every file counts as being at rest.
    ///
    /// A symbolic link, a file with several names, anything but a regular file, and what cannot be
    /// read are faults: the readable bytes would stay where the run does not see them. `failing` is
    /// what the message says cannot be done.
    init(
        _ patterns: [String], unsettled: EventTime?, in folders: OpenFolders,
        failing: String = "a file of the store cannot be aged"
    ) throws(PipelineFailure) {
        let paths: [String]
        do {
            paths = try SourceListing.expand(patterns: patterns, refusingLinks: true) {
                if TemporaryName.run(of: splitPath($0).name.utf8) == nil { passedOver.append($0) }
            }
        } catch {
            throw .source(SourceFault(.cannotOpen, source: error.path, expectation: "\(error)"))
        }
        let now = currentTime()
        for path in paths {
            do throws(FileFault) {
                let place = splitPath(path)
                let directory = try folders.open(place.directory)
                let file = try directory.reading(place.name)
                let status = try file.status()
                guard status.links == 1 else {
                    throw FileFault(.open, .severalNames, path: path)
                }
                if let unsettled, status.written(by: now) >= unsettled || file.isBeingWritten() {
                    busy.append(path)
                    if status.modified > now { misdated.append(path) }
                } else {
                    files.append(
                        StoreFile(
                            path: path, folder: place.directory, name: place.name,
                            status: status))
                }
            } catch {
                throw .source(
                    SourceFault(
                        .cannotOpen, source: path,
                        expectation: "\(failing): \(error)"))
            }
        }
    }

    /// The folders in which files of `patterns` may lie: where killed runs may have left something.
    static func folders(of patterns: [String]) throws(PipelineFailure) -> [String] {
        var found: [String] = []
        for pattern in patterns {
            do { found += try SourceListing.folders(searchedFor: pattern) } catch {
                throw .source(
                    SourceFault(.cannotOpen, source: error.path, expectation: "\(error)"))
            }
        }
        return found
    }
}

extension FileStatus {
    /// When the content was changed last, as far as `now` can tell: a time ahead of it was set by
    /// somebody, but when the file was last touched is known still.
    func written(by now: EventTime) -> EventTime { modified > now ? touched : modified }

    /// The time of the last change of the content, in whole milliseconds.
    fileprivate var modified: EventTime { Self.time(modifiedNanoseconds) }

    /// The time of the last change of anything about the file, which nobody can set.
    fileprivate var touched: EventTime { Self.time(changedNanoseconds) }

    private static func time(_ nanoseconds: Int64) -> EventTime {
        let (milliseconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000)
        return EventTime(milliseconds: milliseconds - (rest < 0 ? 1 : 0))
    }
}
