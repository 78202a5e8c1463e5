package import Records

/// `drop`: the field goes.
package struct Drop: Transform {
    package static let descriptor = TransformDescriptor(
        name: "drop",
        summary: "Removes the field: no key in JSON, an empty cell in CSV, `-` in an access log.",
        guarantees: "No byte of the value is written.",
        leaks: "In JSON the missing key tells nothing about the value; CSV and access logs keep "
            + "the column with nothing in it.",
        make: { settings, _ in
            return Drop()
        })

    /// Has no options.
    package init() {}

    package func apply(
        _ value: borrowing FieldValue, _ context: borrowing TransformContext,
        into output: inout ByteBuffer
    ) -> TransformResult { .dropped }

    package func isReleased(_ value: borrowing FieldValue) -> Bool { false }
}
