internal import Pipelines

/// A pipeline file, loaded: what `sluice` does on the command line, for programmes.
///
/// ```swift
/// let pipeline = try Pipeline(contentsOf: "pipelines/nightly.yaml")
/// let summary = try pipeline.run()
/// print(summary.read, summary.quarantined)
/// ```
///
/// Every call reads the file and its state anew, so two values for one file agree. Calls block
/// until their work is done; a second run on the same state fails with ``SluiceError/Kind/busy``.
public struct Pipeline: Sendable {
    /// The path of the file.
    public let path: String

    /// Loads the file at `path` and looks for its faults; keys and reference tables that it names
    /// must be there.
    ///
    /// Throws ``SluiceError/Kind/faults`` with every fault and its place.
    public init(contentsOf path: String) throws(SluiceError) {
        self.path = path
        let faults = try SluiceError.translating { () throws(PipelineFailure) in
            try Sluice.check(pipeline: path)
        }
        guard faults.isEmpty else { throw SluiceError(.faults(faults, file: path)) }
    }

    /// Reads the sources, writes outputs and statistics, and ages out what was written before.
    ///
    /// Outputs appear whole or not at all; running again gives the same result.
    @discardableResult
    public func run(_ options: RunOptions = RunOptions()) throws(SluiceError) -> RunSummary {
        var request = RunRequest(pipeline: path)
        request.sources = options.sources
        request.now = options.now
        request.workers = options.workers
        request.isDryRun = options.isDryRun
        return RunSummary(
            try SluiceError.translating { () throws(PipelineFailure) in
                try Sluice.run(request, observer: nil)
            })
    }

    /// Closes the months that are over and publishes their statistics, each once; called again, it
    /// makes sure that the files are there.
    @discardableResult
    public func publish(
        _ options: PublishOptions = PublishOptions()
    ) throws(SluiceError) -> [PublicationSummary] {
        var request = PublishRequest(pipeline: path)
        request.period = options.month
        request.now = options.now
        request.isDryRun = options.isDryRun
        return try SluiceError.translating { () throws(PipelineFailure) in
            try Sluice.publish(request)
        }.entries.map(PublicationSummary.init)
    }

    /// Reads outputs and state back; the sentences say what is wrong and where, none when every
    /// promise is kept.
    ///
    /// `now` is a date or an RFC 3339 time; nil for the system's clock.
    public func verify(now: String? = nil) throws(SluiceError) -> [String] {
        var request = VerifyRequest(pipeline: path)
        request.now = now
        return try SluiceError.translating { () throws(PipelineFailure) in
            try Sluice.verify(request)
        }.findings.map { "\($0.place): \($0.sentence)" }
    }
}
