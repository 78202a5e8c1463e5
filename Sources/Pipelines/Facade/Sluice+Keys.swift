extension Sluice {
    /// All keys of the pipeline's store: their states, and why those that live do.
    package static func listKeys(
        _ request: KeysRequest
    ) throws(PipelineFailure) -> KeyListReport {
        try KeyWork(request, command: "keys list", changes: false).list()
    }

    /// Destroys the key of a month (`yyyy-MM`) by hand, under the same checks as `run`.
    ///
    /// `refused` with the reasons when something may still need it. `reason` stays in the record.
    package static func destroyKey(
        _ request: KeysRequest, month: String, reason: String?
    ) throws(PipelineFailure) -> KeyDestroyReport {
        try KeyWork(request, command: "keys destroy", changes: true).destroy(month, reason)
    }

    /// Forgets a state folder that is gone for good, so that it no longer keeps keys alive.
    ///
    /// `refused` while the folder is there and still needs keys.
    package static func forgetState(
        _ request: KeysRequest, state: String
    ) throws(PipelineFailure) -> KeyForgetReport {
        try KeyWork(request, command: "keys forget", changes: true).forget(state)
    }
}
