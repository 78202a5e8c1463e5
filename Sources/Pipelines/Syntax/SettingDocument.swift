package import Records

/// The limits on a pipeline file.
package enum SettingLimits {
    /// The largest file in bytes: a thousand times a large pipeline, parsed in well under a second.
    package static let fileBytesMax = 1 << 20
    /// The deepest nesting of lists and mappings; pipelines need about ten.
    package static let depthMax = 32
    /// The most values and keys in one file.
    package static let valuesMax = 50_000
    /// The longest key in bytes.
    package static let keyBytesMax = 1024
}

/// Reads the one YAML document of a pipeline file into settings with their places.
///
/// Every scalar stays text: `no`, `0755` and `1e3` get their meaning from the key they stand
/// behind. Refused, each with its place: anchors, aliases, tags, merge keys, keys that are no text,
/// duplicate keys and a second document. An alias is never followed, so there is nothing to expand.
///
/// Returns nil, with at least one fault added, when there is no usable value; duplicate keys still
/// give one, with the first of them, so that all other faults are found in the same run.
package func readSettings(_ bytes: [UInt8], faults: Faults) -> Setting? {
    let start = SettingPosition(line: 1, column: 1)
    guard bytes.count <= SettingLimits.fileBytesMax else {
        faults.add("found more than 1 MiB, expected a pipeline file", at: start)
        return nil
    }
    do throws(SettingFault) {
        try checkEncoding(bytes.span)
        let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let text = bytes.starts(with: byteOrderMark) ? Array(bytes.dropFirst(3)) : bytes
        guard let events = YAMLEventReader(text) else {
            throw SettingFault("there is not enough memory to read the file", at: start)
        }
        var builder = SettingBuilder(events: events, faults: faults)
        return try builder.document()
    } catch {
        faults.add(error.message, at: error.position)
        return nil
    }
}

private func checkEncoding(_ bytes: Span<UInt8>) throws(SettingFault) {
    do throws(UTF8.ValidationError) {
        _ = try UTF8Span(validating: bytes)
    } catch {
        throw SettingFault(
            "found a byte that is not UTF-8 text",
            at: textPosition(ofByte: error.byteOffsets.lowerBound, in: bytes)
        )
    }
}

/// Builds the value tree from events; recursion is bounded by the depth limit.
private struct SettingBuilder: ~Copyable {
    private var events: YAMLEventReader
    private let faults: Faults
    private var values = 0
    /// An alias leaves a hole: what is built around it can't be judged.
    private var hasHole = false

    init(events: consuming YAMLEventReader, faults: Faults) {
        self.events = events
        self.faults = faults
    }

    /// The only document of the stream.
    mutating func document() throws(SettingFault) -> Setting? {
        let first = try events.next()
        guard case .documentStart = first.kind else {
            throw SettingFault(
                "the file is empty, expected a pipeline beginning with `name:`",
                at: SettingPosition(line: 1, column: 1)
            )
        }
        let root = try value(events.next(), depth: 0)
        _ = try events.next()
        let following = try events.next()
        if case .documentStart = following.kind {
            throw SettingFault(
                "found a second document (`---`), expected one pipeline per file",
                at: following.position
            )
        }
        return hasHole ? nil : root
    }

    private mutating func value(_ event: YAMLEvent, depth: Int) throws(SettingFault) -> Setting {
        try countValue(at: event.position)
        refuseProperties(of: event)
        switch event.kind {
        case .scalar(let text, let isEmpty):
            return isEmpty ? .empty(event.position) : .text(text, event.position)
        case .listStart: return try list(event, depth: depth + 1)
        case .mappingStart: return try mapping(event, depth: depth + 1)
        default:
            hasHole = true
            faults.add(
                "found an alias (`*`); write the value itself, or quote the text",
                at: event.position
            )
            return .empty(event.position)
        }
    }

    private mutating func list(_ start: YAMLEvent, depth: Int) throws(SettingFault) -> Setting {
        try checkDepth(depth, at: start.position)
        var items: [Setting] = []
        while true {
            let event = try events.next()
            if case .listEnd = event.kind { return .list(items, start.position) }
            items.append(try value(event, depth: depth))
        }
    }

    private mutating func mapping(_ start: YAMLEvent, depth: Int) throws(SettingFault) -> Setting {
        try checkDepth(depth, at: start.position)
        var members: [(key: String, keyPosition: SettingPosition, value: Setting)] = []
        var lines: [String: Int] = [:]
        while true {
            let event = try events.next()
            if case .mappingEnd = event.kind { return .mapping(members, start.position) }
            let key = try key(event, depth: depth)
            let value = try value(events.next(), depth: depth)
            guard let key else { continue }
            if let line = lines[key] {
                faults.add(
                    "found the key `\(key)` again; it is already on line \(line)",
                    at: event.position
                )
                continue
            }
            lines[key] = event.position.line
            members.append((key, event.position, value))
        }
    }

    /// The text of a key; nil, with a fault, for what can't be one.
    private mutating func key(_ event: YAMLEvent, depth: Int) throws(SettingFault) -> String? {
        guard case .scalar(let text, let isEmpty) = event.kind else {
            if case .alias = event.kind {
            } else {
                faults.add("found a list or mapping as a key, expected text", at: event.position)
            }
            _ = try value(event, depth: depth)
            return nil
        }
        try countValue(at: event.position)
        refuseProperties(of: event)
        if isEmpty || text.isEmpty {
            faults.add("found an empty key, expected a name before `:`", at: event.position)
            return nil
        }
        if text.utf8.count > SettingLimits.keyBytesMax {
            faults.add("found a key of more than 1024 bytes", at: event.position)
            return nil
        }
        if text == "<<" {
            faults.add(
                "found a merge key (`<<`); write the members themselves",
                at: event.position
            )
            return nil
        }
        return text
    }

    private mutating func countValue(at position: SettingPosition) throws(SettingFault) {
        values += 1
        guard values <= SettingLimits.valuesMax else {
            throw SettingFault("found more than 50000 values in one file", at: position)
        }
    }

    private func checkDepth(_ depth: Int, at position: SettingPosition) throws(SettingFault) {
        guard depth <= SettingLimits.depthMax else {
            throw SettingFault("found nesting deeper than 32", at: position)
        }
    }

    private func refuseProperties(of event: YAMLEvent) {
        if event.hasAnchor {
            faults.add(
                "found an anchor (`&`); anchors are not allowed, quote the text",
                at: event.position
            )
        }
        if event.hasTag {
            faults.add(
                "found a tag (`!`); tags are not allowed, quote the text",
                at: event.position
            )
        }
    }
}
