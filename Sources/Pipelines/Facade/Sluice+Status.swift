extension Sluice {
    /// How a pipeline with state stands: what is due, what is late, which key dies next.
    ///
    /// Reads the ledger and the key store and changes nothing; a run may be at work meanwhile.
    package static func status(
        _ request: StatusRequest
    ) throws(PipelineFailure) -> StatusReport {
        try StatusWork(request).run()
    }

    /// The same for any pipeline: nil for one without state, or that has not run yet.
    package static func statusIfAny(
        pipeline: String, now: String?
    ) throws(PipelineFailure) -> StatusReport? {
        guard let state = try loadPlan(pipeline, now: now).state, try hasLedger(state) else {
            return nil
        }
        var request = StatusRequest(pipeline: pipeline)
        request.now = now
        return try status(request)
    }
}
