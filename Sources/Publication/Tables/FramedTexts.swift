/// Texts as one message that no other list of texts makes: each with its length, in eight bytes, in
/// front.
enum FramedTexts {
    static func append(_ texts: [[UInt8]], to message: inout [UInt8]) {
        for text in texts {
            append(UInt64(text.count), to: &message)
            message += text
        }
    }

    /// Appends eight bytes, most significant first.
    static func append(_ word: UInt64, to message: inout [UInt8]) {
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            message.append(UInt8(truncatingIfNeeded: word >> shift))
        }
    }
}
