package import Records

/// Takes out of a URL or request target what can name a person or a case: user information, the
/// query but for named keys, the fragment, and ids in the path.
package struct ReduceURL: Transform {
    /// What becomes of the path.
    enum Path: String, CaseIterable, Sendable {
        case placeholders, keep, drop
    }

    /// What becomes of scheme, host and port.
    enum Host: String, CaseIterable, Sendable {
        case keep, drop
    }

    let keptKeys: [[UInt8]]
    let path: Path
    let host: Host

    init(keepQuery: [String] = [], path: Path = .placeholders, host: Host = .keep) {
        keptKeys = keepQuery.map { Array($0.utf8) }
        self.path = path
        self.host = host
    }

    package var isWorthRemembering: Bool { false }

    package func apply(
        _ value: borrowing FieldValue,
        _ context: borrowing TransformContext,
        into output: inout ByteBuffer
    ) -> TransformResult {
        guard value.kind == .text || value.kind == .escapedText else { return .null }
        let bytes = value.bytes
        guard bytes.count > 0 else { return .unchanged }
        let start = output.count
        var isPlain = true
        ByteView.withView(of: bytes) { isPlain = reduce($0, into: &output) }
        guard isPlain || settle(from: start, &output) else { return .null }
        guard ReleasedForm.isSame(output.bytes.extracting(start..<output.count), bytes) else {
            return .text
        }
        output.truncate(to: start)
        return .unchanged
    }

    /// How often a result with placeholders in it is reduced again.
    private static let passesMax = 8

    /// Reduces what stands behind `start` until it stays as it is: a placeholder in the wrong place
    /// makes another URL of the rest. False when it does not come to rest.
    private func settle(from start: Int, _ output: inout ByteBuffer) -> Bool {
        var next = ByteBuffer(capacity: 64)
        for _ in 0..<Self.passesMax {
            next.removeAll()
            if isSettled(output.bytes.extracting(start..<output.count), &next) { return true }
            output.truncate(to: start)
            output.append(next.bytes)
        }
        output.truncate(to: start)
        return false
    }

    private func isSettled(_ written: Span<UInt8>, _ next: inout ByteBuffer) -> Bool {
        ByteView.withView(of: written) { _ = reduce($0, into: &next) }
        return ReleasedForm.isSame(written, next.bytes)
    }

    /// True when there is nothing left to be taken out.
    package func isReleased(_ value: borrowing FieldValue) -> Bool {
        var output = ByteBuffer(capacity: 64)
        return value.isText && apply(value, TransformContext(), into: &output) == .unchanged
    }

    /// True when the result is the URL as it stood there, only shorter behind its host: nothing in
    /// front of the path was replaced or left out, and no kept value was replaced.
    private func reduce(_ text: ByteView, into output: inout ByteBuffer) -> Bool {
        let parts = URLParts(text)
        // User information stood between them.
        var isPlain = parts.host.isEmpty || parts.scheme.upperBound == parts.host.lowerBound
        if host == .drop, !parts.host.isEmpty || !parts.scheme.isEmpty { isPlain = false }
        if host == .keep {
            text.append(parts.scheme, to: &output)
            let authority = text.limited(to: parts.host)
            if RedactText.redact(authority, .ip, .strict, into: &output) {
                isPlain = false
            } else {
                text.append(parts.host, to: &output)
            }
        }
        if parts.isOpaque { return isPlain }
        appendPath(text, parts, into: &output)
        return appendQuery(text, parts.query, into: &output) && isPlain
    }

    private func appendPath(
        _ text: ByteView,
        _ parts: URLParts,
        into output: inout ByteBuffer
    ) {
        switch path {
        case .keep: text.append(parts.path, to: &output)
        case .drop: break
        case .placeholders:
            var start = parts.path.lowerBound
            while start < parts.path.upperBound {
                let end = segmentEnd(text, from: start, parts.path.upperBound)
                appendSegment(text, start..<end, into: &output)
                start = end
                let slash = max(separator(text, at: start), 1)
                guard start < parts.path.upperBound else { break }
                text.append(start..<min(start + slash, parts.path.upperBound), to: &output)
                start += slash
            }
        }
        if host == .drop, path != .drop, parts.path.isEmpty, !parts.host.isEmpty {
            output.append(UInt8(ascii: "/"))
        }
    }

    private func appendSegment(
        _ text: ByteView,
        _ segment: Range<Int>,
        into output: inout ByteBuffer
    ) {
        // Parameters of a segment (`;jsessionid=...`) go as the query does.
        let end = min(
            text.limited(to: segment).firstIndex(of: UInt8(ascii: ";"), from: segment.lowerBound),
            segment.upperBound
        )
        let name = text.limited(to: segment.lowerBound..<end)
        switch SegmentKind(name) {
        case .word: text.append(segment.lowerBound..<end, to: &output)
        case .identifier: output.append(":id")
        case .email: output.append(":email")
        }
    }

    /// The length of a `/`, `%2F` or `\` at `index`; else 0.
    private func separator(_ text: ByteView, at index: Int) -> Int {
        text[index] == UInt8(ascii: "\\") ? 1 : text.length(of: UInt8(ascii: "/"), at: index)
    }

    private func segmentEnd(_ text: ByteView, from start: Int, _ limit: Int) -> Int {
        var end = start
        while end < limit {
            let byte = text[end]
            let mayEnd =
                byte == UInt8(ascii: "/") || byte == UInt8(ascii: "%")
                || byte == UInt8(ascii: "\\")
            if mayEnd, separator(text, at: end) > 0 { break }
            end += 1
        }
        return end
    }

    private func appendQuery(
        _ text: ByteView,
        _ query: Range<Int>,
        into output: inout ByteBuffer
    ) -> Bool {
        guard !keptKeys.isEmpty else { return true }
        var isPlain = true
        var start = query.lowerBound
        var mark = UInt8(ascii: "?")
        while start < query.upperBound {
            var end = start
            while end < query.upperBound, text[end] != UInt8(ascii: "&"),
                text[end] != UInt8(ascii: ";")
            {
                end += 1
            }
            let member = text.limited(to: start..<end)
            let equals = member.firstIndex(of: UInt8(ascii: "="), from: start)
            if isKept(text.limited(to: start..<equals)) {
                output.append(mark)
                mark = UInt8(ascii: "&")
                text.append(start..<equals, to: &output)
                if equals < end {
                    isPlain = appendValue(text, equals + 1..<end, into: &output) && isPlain
                }
            }
            start = end + 1
        }
        return isPlain
    }

    /// A kept value stays unless it is an e-mail address or a token: nobody names a key for those.
    private func appendValue(
        _ text: ByteView,
        _ value: Range<Int>,
        into output: inout ByteBuffer
    ) -> Bool {
        output.append(UInt8(ascii: "="))
        let view = text.limited(to: value)
        if RedactText.redact(view, RedactText.standardKinds, .strict, into: &output) {
            return false
        }
        text.append(value, to: &output)
        return true
    }

    /// True when `key`, with its escapes decoded, is one of the kept keys.
    private func isKept(_ key: ByteView) -> Bool {
        for kept in keptKeys {
            var index = key.lower
            var matched = 0
            while index < key.upper, matched < kept.count {
                let decoded = key.escape(at: index)
                guard (decoded ?? key[index]) == kept[matched] else { break }
                index += decoded == nil ? 1 : 3
                matched += 1
            }
            if index == key.upper, matched == kept.count { return true }
        }
        return false
    }
}

extension ReduceURL {
    package static let descriptor = TransformDescriptor(
        name: "url",
        summary: "Cuts a URL down: no query but named keys, no fragment, ids become :id.",
        guarantees: """
            User information, the fragment, parameters of path segments and every query key that \
            is not named go. Path segments that are numbers of two digits and more, have four \
            digits or more, or are hexadecimal or random text become :id, those with an e-mail \
            address :email; a host that is an address becomes [ip]. Kept query values are searched \
            for identifiers as by redact. A value that is no text becomes null.
            """,
        leaks: """
            Words in the path, user names among them, the host name, and the values of kept query \
            keys. With path: keep the whole path stays as it is.
            """,
        options: [
            OptionDescriptor(
                "keep_query",
                values: "a list of query keys",
                standard: "none",
                help: "The keys that stay, in the order of the URL."
            ),
            OptionDescriptor(
                "path",
                values: "placeholders, keep or drop",
                standard: "placeholders",
                help: "What becomes of the path."
            ),
            OptionDescriptor(
                "host",
                values: "keep or drop",
                standard: "keep",
                help: "What becomes of scheme, host and port."
            ),
        ],
        traits: .leavesUnfound,
        make: make
    )

    private static func make(
        _ reader: SettingReader,
        _ environment: PlanningEnvironment
    ) -> (any Transform)? {
        let path = reader.choice("path", Path.self) ?? .placeholders
        let host = reader.choice("host", Host.self) ?? .keep
        let setting = reader.optional("keep_query")
        let keys = setting == nil ? [] : reader.texts("keep_query") ?? []
        return ReduceURL(keepQuery: keys, path: path, host: host)
    }
}
