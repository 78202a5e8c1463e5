package import Records

/// `replace`: a fixed text stands for every value.
package struct Replace: Transform {
    package static let descriptor = TransformDescriptor(
        name: "replace",
        summary: "Puts a fixed text in the place of every value.",
        guarantees: "No byte of the value is written, and every value of the field looks the same.",
        leaks: "That the record had a value at all: a missing or null field stays as it is.",
        options: [
            OptionDescriptor(
                "with", values: "any text", standard: "empty text",
                help: "The text that is written instead.")
        ],
        shorthand: "with",
        make: { settings, _ in
            let text = settings.text("with") ?? ""
            return Replace(with: text)
        })

    private let replacement: [UInt8]

    /// Writes the UTF-8 bytes of `text` for every value.
    package init(with text: String) { replacement = Array(text.utf8) }

    package func apply(
        _ value: borrowing FieldValue, _ context: borrowing TransformContext,
        into output: inout ByteBuffer
    ) -> TransformResult {
        output.append(replacement)
        return .text
    }

    package func isReleased(_ value: borrowing FieldValue) -> Bool {
        value.isText && ReleasedForm.isSame(value.bytes, replacement)
    }
}
