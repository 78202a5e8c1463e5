import Anonymization
import KeyedHashing
import Records
import TestSupport

/// What a transform made of one value.
struct Outcome: Equatable, CustomStringConvertible {
    let result: TransformResult
    let bytes: [UInt8]

    init(_ result: TransformResult, _ text: String = "") {
        self.result = result
        bytes = Array(text.utf8)
    }

    init(_ result: TransformResult, bytes: [UInt8]) {
        self.result = result
        self.bytes = bytes
    }

    var description: String { "\(result) \(text(bytes))" }
}

extension Transform {
    /// Applies the transform to `value`, behind bytes that must not change.
    func trial(
        _ value: [UInt8], _ kind: FieldKind = .text, tokens: (any Tokenizer)? = nil,
        utcOffsetSeconds: Int = 0
    ) -> Outcome {
        var context = TransformContext()
        context.tokens = tokens
        context.utcOffsetSeconds = utcOffsetSeconds
        var output = ByteBuffer(capacity: 16)
        output.append("before")
        let result = apply(FieldValue(bytes: value.span, kind: kind), context, into: &output)
        let all = output.array()
        if !all.starts(with: bytes("before")) { return Outcome(result, "changed earlier bytes") }
        return Outcome(result, bytes: Array(all.dropFirst(6)))
    }

    func trial(
        _ value: String, _ kind: FieldKind = .text, tokens: (any Tokenizer)? = nil,
        utcOffsetSeconds: Int = 0
    ) -> Outcome {
        trial(bytes(value), kind, tokens: tokens, utcOffsetSeconds: utcOffsetSeconds)
    }
}

/// A tokenizer under an invented key; nil stands for a key that is gone.
func trialTokenizer(key: String?) throws -> (any Tokenizer)? {
    try key.map { TokenHasher(key: try SecretKey.copying(bytes($0).span), epoch: nil) }
}

/// What planning a transform from settings gave.
struct PlannedTransform {
    let transform: (any Transform)?
    let faults: [SettingFault]
}

extension TransformDescriptor {
    /// Plans the transform as a pipeline file would for a field named `field`; `key` is what every
    /// key file holds.
    func planned(
        _ members: [(String, Setting)] = [], key: [UInt8] = Array(0..<32), field: String = "field"
    ) -> PlannedTransform {
        let faults = Faults()
        let position = SettingPosition(line: 3, column: 7)
        let setting = Setting.mapping(
            members.map { (key: $0.0, keyPosition: position, value: $0.1) }, position)
        let environment = PlanningEnvironment(
            fieldName: field, resolvePath: { "/folder/\($0)" },
            loadKeyFile: { path, _, _ in
                if path == "/folder/missing.key" { throw SecretFault.noRandomness }
                return try SecretKey.copying(key.span)
            })
        let reader = SettingReader(setting, path: "fields.\(field).\(name)", faults: faults)
        let made = make(reader, environment)
        reader.finish()
        return PlannedTransform(transform: faults.isEmpty ? made : nil, faults: faults.all)
    }
}

/// A single value as a pipeline file writes it.
func setting(_ text: String) -> Setting { .text(text, SettingPosition(line: 4, column: 9)) }

/// A list of single values.
func setting(_ texts: [String]) -> Setting {
    .list(texts.map { setting($0) }, SettingPosition(line: 4, column: 9))
}
