package import Anonymization
package import KeyedHashing
package import Records
private import TestSupport

/// Makes transforms from their descriptors and applies them to texts, for the tests of
/// transforms and the fuzzing of them.
package enum TextRun {
    /// What came out of one value.
    package struct Outcome: Equatable {
        package var result: TransformResult
        package var text: String

        package init(result: TransformResult, text: String) {
            self.result = result
            self.text = text
        }
    }

    /// The transform with the given options and the faults of making it.
    package static func make(
        _ descriptor: TransformDescriptor,
        _ options: [(String, [String])] = []
    ) -> (transform: (any Transform)?, faults: [SettingFault]) {
        let faults = Faults()
        let members = options.map { name, values -> (String, SettingPosition, Setting) in
            let items = values.map { Setting.text($0, .none) }
            return (name, .none, items.count == 1 ? items[0] : .list(items, .none))
        }
        let reader = SettingReader(
            .mapping(members.map { (key: $0.0, keyPosition: $0.1, value: $0.2) }, .none),
            path: "",
            faults: faults
        )
        struct NoKeys: Error {}
        let environment = PlanningEnvironment(
            fieldName: "field",
            resolvePath: { $0 },
            loadKeyFile: { _, _, _ in throw NoKeys() }
        )
        let transform = descriptor.make(reader, environment)
        reader.finish()
        return (transform, faults.all)
    }

    /// What `transform` makes of `value`; an unchanged value is given back as the text.
    package static func apply(
        _ transform: any Transform,
        _ value: [UInt8],
        kind: FieldKind = .text,
        tokens: (any Tokenizer)? = nil
    ) -> Outcome {
        var output = ByteBuffer()
        output.append("before")
        var context = TransformContext()
        context.tokens = tokens
        let result = transform.apply(
            FieldValue(bytes: value.span, kind: kind),
            context,
            into: &output
        )
        let appended = Array(output.array().dropFirst(6))
        if result == .unchanged {
            return Outcome(result: result, text: TestSupport.text(appended.isEmpty ? value : []))
        }
        return Outcome(result: result, text: TestSupport.text(appended))
    }

    package static func apply(_ transform: any Transform, _ value: String) -> Outcome {
        apply(transform, Array(value.utf8))
    }
}

/// A tokenizer whose tokens show what they were made of.
package final class SpellingTokenizer: Tokenizer {
    package init() {}

    package func appendToken(
        in domain: TokenDomain,
        of canonical: Span<UInt8>,
        to buffer: inout ByteBuffer
    ) {
        buffer.append(hex: canonical)
    }
}
