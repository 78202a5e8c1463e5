extension Sluice {
    /// How a pipeline with state stands: what is due, what is late, which key dies next.
    ///
    /// Reads the ledger and the key store and changes nothing; a run may be at work meanwhile.
    package static func status(
        _ request: StatusRequest
    ) throws(PipelineFailure) -> StatusReport {
        try StatusWork(request).run()
    }
}
