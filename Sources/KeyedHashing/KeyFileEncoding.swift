/// How the bytes of a static key stand in their file.
package enum KeyFileEncoding: String, Sendable, CaseIterable {
    /// Hexadecimal when the content, but for one line end, is hexadecimal digits of an even number
    /// of at least 32; otherwise raw.
    case automatic
    /// The bytes of the file, all of them, are the key.
    case raw
    /// Two hexadecimal digits a byte, either case; one line end may follow.
    case hex
}
