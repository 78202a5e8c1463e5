package import Records

/// `keep`: the value stays as it is.
package struct Keep: Transform {
    package static let descriptor = TransformDescriptor(
        name: "keep",
        summary: "Keeps the value exactly as the source wrote it.",
        guarantees: "Nothing is changed, not even the spelling.",
        leaks: "Everything in the value stays readable, so a due identifier may not be kept.",
        traits: [.leavesReadable, .keepsIdentity],
        make: { settings, _ in
            return Keep()
        })

    /// Has no options.
    package init() {}

    package func apply(
        _ value: borrowing FieldValue, _ context: borrowing TransformContext,
        into output: inout ByteBuffer
    ) -> TransformResult { .unchanged }

    /// What stays as it is has every form.
    package func isReleased(_ value: borrowing FieldValue) -> Bool { true }
}
