package import Records

/// A file of holds, as the `holds` key of a pipeline names it; its keys are
/// `PipelineReference.hold`, the words of the flags of `sluice hold raise`.
///
///     holds:
///       - name: case-17
///         ground: law
///         citation: Order 4/2026 of the court of Example
///         reason: fraud inquiry
///         by: legal
///         user: [anna.example]
///         start: 2026-03-02
package enum HoldFile {
    /// The holds of a file, or nil after adding faults. `start` is required: a file is read again
    /// and again and must mean the same each time.
    package static func read(
        _ bytes: [UInt8], pipeline: String, faults: Faults
    ) -> [HoldRequest]? {
        read(bytes, pipeline: pipeline, DecodingContext(faults: faults, known: KnownNames()))
    }

    /// As above; `context` notes the keys that were asked for.
    static func read(
        _ bytes: [UInt8], pipeline: String, _ context: DecodingContext
    ) -> [HoldRequest]? {
        let faults = context.faults
        guard let setting = readSettings(bytes, faults: faults) else { return nil }
        let top = SettingReader(setting, path: "", faults: faults)
        let list = top.required("holds")
        top.finish()
        guard let list else { return nil }
        var requests: [HoldRequest] = []
        switch list {
        case .list(let items, _):
            for (index, item) in items.enumerated() {
                if let request = request(item, index + 1, pipeline, context) {
                    requests.append(request)
                }
            }
        case .empty: break
        case .text, .mapping:
            faults.add("expected a list of holds", at: list.position, path: "holds")
        }
        return faults.isEmpty ? requests : nil
    }

    private static func request(
        _ item: Setting, _ number: Int, _ pipeline: String, _ context: DecodingContext
    ) -> HoldRequest? {
        let section = SectionReader(
            item, PipelineReference.hold, path: "holds[\(number)]", context)
        defer { section.finish() }
        func texts(_ key: String) -> [String] { section.texts(key)?.map(\.value) ?? [] }
        let name = section.requiredText("name")
        let ground = ground(section)
        let reason = section.requiredText("reason")
        let person = section.requiredText("by")
        let start = section.requiredText("start")
        let end = section.text("end")
        let (customers, users) = (texts("customer"), texts("user"))
        let (addresses, outputs) = (texts("addresses"), texts("output"))
        let (from, until) = (section.text("from"), section.text("until"))
        guard let name, let ground, let reason, let person else { return nil }
        var request = HoldRequest(
            pipeline: pipeline, name: name.value, ground: ground, reason: reason.value,
            by: person.value)
        request.customers = customers
        request.users = users
        request.addresses = addresses
        request.from = from?.value
        request.until = until?.value
        request.start = start?.value
        request.end = end?.value
        request.outputs = outputs
        return request
    }

    private enum Word: String, CaseIterable {
        case ownDecision = "own-decision"
        case law
    }

    private static func ground(_ section: SectionReader) -> HoldRequest.Ground? {
        _ = section.required("ground")
        switch section.choice("ground", Word.self)?.value {
        case .ownDecision?:
            return section.requiredText("notice").map { .ownDecision(notice: $0.value) }
        case .law?: return section.requiredText("citation").map { .law(citation: $0.value) }
        case nil: return nil
        }
    }
}
