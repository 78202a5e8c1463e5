private import Anonymization
package import Pipelines
private import Records

/// From flags to the rules of a pipeline file.
extension FilterCommand {
    /// The transforms that `--user` takes.
    private static let userTransforms = ["pseudonymize", "drop", "keep", "hmac_sha256"]

    private typealias Rule = (field: String, transform: String, options: [(String, String)])

    /// What the facade is asked to do; a flag that makes no sense is a usage failure.
    package func request() throws(PipelineFailure) -> FilterRequest {
        try work.checkWorkers()
        try talk.check()
        var request = FilterRequest()
        request.format = format
        request.rules = try rules()
        request.timeField = time
        request.timeFormat = timeFormat
        request.encoding = encoding
        request.zone = zone
        request.window = window
        request.now = work.now
        request.keys = keys
        request.keepsOthers = keepOthers
        request.quarantineLimit = quarantineLimit
        request.workers = work.workers
        request.isConfined = !work.sandbox.noSandbox
        request.gzip = gzip
        return request
    }

    private func rules() throws(PipelineFailure) -> [Rule] {
        var rules: [Rule] = []
        if let rule = try addressRule() { rules.append(rule) }
        if let rule = try userRule() { rules.append(rule) }
        for text in fieldRules { rules.append(try Self.fieldRule(text)) }
        if rules.isEmpty, !keepOthers {
            throw .usage(
                "no field is named, so all would be dropped: expected --ip, --user or --set"
            )
        }
        for (index, rule) in rules.enumerated()
        where rules[..<index].contains(where: { sameText($0.field, rule.field) }) {
            throw .usage("two rules for the field `\(rule.field)`, expected one")
        }
        let needsKeys = rules.contains { rule in
            Self.descriptor(rule.transform)?.traits.contains(.monthKey) ?? false
        }
        if needsKeys, keys == nil {
            throw .usage("--keys is missing: pseudonymize needs a key store, a directory")
        }
        return rules
    }

    private func addressRule() throws(PipelineFailure) -> Rule? {
        guard let addressBits else {
            let flags = [
                (embedded != nil, "--ip-embedded"), (ports != nil, "--ip-ports"),
                (invalid != nil, "--ip-invalid"),
            ]
            if let flag = flags.first(where: \.0)?.1 {
                throw .usage("\(flag) needs --ip, such as --ip /16,/32")
            }
            return nil
        }
        var options = try Self.prefixes(addressBits)
        if let embedded { options.append(("embedded", embedded.rawValue)) }
        if let ports { options.append(("ports", ports.rawValue)) }
        if let invalid { options.append(("invalid", invalid.rawValue)) }
        return (addressField, TruncateAddress.descriptor.name, options)
    }

    /// `/16,/32` or `/16`: the options of `truncate_ip`.
    private static func prefixes(_ text: String) throws(PipelineFailure) -> [(String, String)] {
        let parts = pieces(of: text, at: ",")
        guard parts.count <= 2 else {
            throw .usage("--ip: expected the bits for IPv4 and IPv6, such as /16,/32")
        }
        let families = [
            ("ipv4", TruncateAddress.ipv4BitsRange), ("ipv6", TruncateAddress.ipv6BitsRange),
        ]
        var options: [(String, String)] = []
        for (part, (name, range)) in zip(parts, families) {
            let digits = part.utf8.first == UInt8(ascii: "/") ? String(part.dropFirst()) : part
            let isNumber =
                (1...3).contains(digits.utf8.count) && digits.utf8.allSatisfy { $0 &- 48 < 10 }
            let bits = isNumber ? Int(digits) : nil
            let isBare = digits.utf8.count == part.utf8.count
            if let bits, isBare {
                throw .usage(
                    "--ip: found a bare number, write `/\(bits)`: the number of bits kept"
                )
            }
            guard let bits, range.contains(bits), sameText(digits, "\(bits)") else {
                let family = name == "ipv4" ? "IPv4" : "IPv6"
                throw .usage(
                    "--ip: expected /\(range.lowerBound) to /\(range.upperBound) for \(family), "
                        + "the number of bits kept"
                )
            }
            options.append((name, part))
        }
        return options
    }

    private func userRule() throws(PipelineFailure) -> Rule? {
        guard let user else { return nil }
        let (transform, options) = try Self.transform(user, flag: "--user")
        guard Self.userTransforms.contains(where: { sameText($0, transform) }) else {
            throw .usage(
                "--user: expected pseudonymize, drop, keep or hmac_sha256; others go with "
                    + "--set \(userField)=\(transform)"
            )
        }
        let isHash = sameText(transform, HashWithStaticKey.descriptor.name)
        if isHash, !options.contains(where: { sameText($0.0, "key") }) {
            throw .usage("--user: the key file is missing, write `hmac_sha256:key=FILE`")
        }
        return (userField, transform, options)
    }

    /// `FIELD=TRANSFORM[:option=value,...]`.
    private static func fieldRule(_ text: String) throws(PipelineFailure) -> Rule {
        guard let (field, rest) = halves(of: text, at: "="), !field.isEmpty, !rest.isEmpty else {
            throw .usage("--set: found `\(text)`, expected FIELD=TRANSFORM[:option=value,...]")
        }
        let (transform, options) = try transform(rest, flag: "--set \(field)")
        return (field, transform, options)
    }

    /// `TRANSFORM[:option=value,...]`, with names that the catalogue knows. A value without a name
    /// is that of the option which the transform's short form stands for.
    private static func transform(
        _ text: String,
        flag: String
    ) throws(PipelineFailure) -> (name: String, options: [(String, String)]) {
        let (name, list) = halves(of: text, at: ":") ?? (text, "")
        guard let descriptor = descriptor(name) else {
            let near = nearestName(to: name, among: TransformCatalogue.all.map(\.name))
            throw .usage("\(flag): no transform `\(name)`\(hint(near))")
        }
        var options: [(String, String)] = []
        for part in list.isEmpty ? [] : pieces(of: list, at: ",") {
            guard
                let (option, value) = halves(of: part, at: "=")
                    ?? descriptor.shorthand
                    .map({ ($0, part) })
            else {
                throw .usage("\(flag): found `\(part)`, expected option=value")
            }
            let names = descriptor.options.map(\.name)
            guard names.contains(where: { sameText($0, option) }) else {
                let near = nearestName(to: option, among: names)
                throw .usage("\(flag): `\(name)` has no option `\(option)`\(hint(near))")
            }
            if options.contains(where: { sameText($0.0, option) }) {
                throw .usage("\(flag): found `\(option)` twice; a list needs a pipeline file")
            }
            options.append((option, value))
        }
        return (name, options)
    }

    private static func hint(_ near: String?) -> String {
        near.map { "; did you mean `\($0)`?" } ?? ""
    }

    private static func descriptor(_ name: String) -> TransformDescriptor? {
        TransformCatalogue.all.first { sameText($0.name, name) }
    }
}

// MARK: - Texts

/// True when both have the same bytes: names are no words of a language.
private func sameText(_ left: String, _ right: String) -> Bool {
    left.utf8.elementsEqual(right.utf8)
}

/// The texts before and after the first `mark`; nil when there is none.
private func halves(of text: String, at mark: Unicode.Scalar) -> (String, String)? {
    let scalars = text.unicodeScalars
    guard let index = scalars.firstIndex(of: mark) else { return nil }
    return (String(scalars[..<index]), String(scalars[scalars.index(after: index)...]))
}

/// The texts between the marks; a mark or backslash behind a backslash is an ordinary character.
private func pieces(of text: String, at mark: Unicode.Scalar) -> [String] {
    var pieces = [""]
    var isEscaped = false
    for scalar in text.unicodeScalars {
        let isSpecial = scalar == mark || scalar == "\\"
        if scalar == "\\", !isEscaped {
            isEscaped = true
            continue
        }
        if isEscaped, !isSpecial { pieces[pieces.count - 1].unicodeScalars.append("\\") }
        if scalar == mark, !isEscaped {
            pieces.append("")
        } else {
            pieces[pieces.count - 1].unicodeScalars.append(scalar)
        }
        isEscaped = false
    }
    if isEscaped { pieces[pieces.count - 1].unicodeScalars.append("\\") }
    return pieces
}
