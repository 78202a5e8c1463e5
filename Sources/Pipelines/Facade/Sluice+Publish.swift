internal import KeyedHashing

extension Sluice {
    /// Closes periods of a pipeline and publishes their statistics, each once; what was published
    /// before is made sure of, and never counted again.
    ///
    /// `refused` when the period may not be published (yet); nothing is written then.
    package static func publish(
        _ request: PublishRequest
    ) throws(PipelineFailure) -> PublishReport {
        do { try HashingSelfTest.run() } catch {
            throw .internalFault("the hash functions do not give the published values")
        }
        return try PublishWork(request).run()
    }
}
