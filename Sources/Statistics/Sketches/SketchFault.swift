/// Why bytes are not a sketch that can be read. Never holds any of them.
package struct SketchFault: Error, Sendable, Equatable {
    /// The stable code of the fault.
    package enum Code: String, Sendable {
        /// It ends before everything is there that its head promises.
        case truncated
        /// Bytes follow behind its end.
        case trailing
        /// It is another kind of sketch.
        case otherFamily = "other-family"
        /// It is of a serial version that this programme does not read.
        case otherVersion = "other-version"
        /// It was made with another seed of the hash function: its hashes mean something else.
        case otherSeed = "other-seed"
        /// It is of a form that this programme does not read, though a library may write it.
        case otherForm = "other-form"
        /// What it says contradicts itself.
        case damaged
    }

    /// What is wrong.
    package let code: Code
    /// Where: an offset in bytes, 0-based.
    package let byteOffset: Int
    /// What was expected there, as the rest of a sentence that begins with "expected".
    package let expected: String

    init(_ code: Code, at byteOffset: Int, expected: StaticString) {
        self.code = code
        self.byteOffset = byteOffset
        self.expected = expected.description
    }
}
