package import KeyedHashing

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
        try KeyWork(request, command: "keys forget", changes: true, state: state).forget(state)
    }

    /// Seals all keys of the pipeline's store, and the registry keys of the states that use it, by
    /// the key-encryption key that `wrapped_by` names; without it they become plain.
    ///
    /// `source` is where the key comes from that sealed them so far; nil: none did. What was
    /// interrupted is ended by the same call again.
    package static func rewrapKeys(
        _ request: KeysRequest, from source: WrappingKeySource?
    ) throws(PipelineFailure) -> KeyRewrapReport {
        try KeySealing(request).run(from: source)
    }
}
