internal import Records

/// A file of holds, as the `holds` key of a pipeline names it.
///
///     holds:
///       - name: case-17
///         ground: law
///         citation: Order 4/2026 of the court of Example
///         reason: fraud inquiry
///         by: legal
///         users: [anna.example]
///         from: 2026-03-01
///         until: 2026-04-01
///         end: 2027-01-01
///
/// Ground `own-decision` has a `notice` date instead of a `citation`. Further keys: `customers`,
/// `addresses`, `start`, `outputs`; their meaning is that of the flags of `sluice hold raise`.
enum HoldFile {
    /// The holds of a file, or nil after adding faults. `start` is required: a file is read again
    /// and again and must mean the same each time.
    static func read(_ bytes: [UInt8], pipeline: String, faults: Faults) -> [HoldRequest]? {
        guard let setting = readSettings(bytes, faults: faults) else { return nil }
        let top = SettingReader(setting, path: "", faults: faults)
        let list = top.required("holds")
        top.finish()
        guard let list else { return nil }
        var requests: [HoldRequest] = []
        switch list {
        case .list(let items, _):
            for (index, item) in items.enumerated() {
                if let request = request(item, index + 1, pipeline, faults) {
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
        _ item: Setting, _ number: Int, _ pipeline: String, _ faults: Faults
    ) -> HoldRequest? {
        let reader = SettingReader(item, path: "holds[\(number)]", faults: faults)
        defer { reader.finish() }
        let name = reader.requiredText("name")
        let ground = ground(reader)
        let reason = reader.requiredText("reason")
        let person = reader.requiredText("by")
        let start = reader.requiredText("start")
        let end = reader.text("end")
        let customers = reader.texts("customers") ?? []
        let users = reader.texts("users") ?? []
        let addresses = reader.texts("addresses") ?? []
        let from = reader.text("from")
        let until = reader.text("until")
        let outputs = reader.texts("outputs") ?? []
        guard let name, let ground, let reason, let person else { return nil }
        var request = HoldRequest(
            pipeline: pipeline, name: name, ground: ground, reason: reason, by: person)
        request.customers = customers
        request.users = users
        request.addresses = addresses
        request.from = from
        request.until = until
        request.start = start
        request.end = end
        request.outputs = outputs
        return request
    }

    private enum Word: String, CaseIterable {
        case ownDecision = "own-decision"
        case law
    }

    private static func ground(_ reader: SettingReader) -> HoldRequest.Ground? {
        _ = reader.required("ground")
        let word = reader.choice("ground", Word.self)
        switch word {
        case .ownDecision?:
            return reader.requiredText("notice").map { .ownDecision(notice: $0) }
        case .law?: return reader.requiredText("citation").map { .law(citation: $0) }
        case nil:
            _ = reader.optional("notice")
            _ = reader.optional("citation")
            return nil
        }
    }
}
