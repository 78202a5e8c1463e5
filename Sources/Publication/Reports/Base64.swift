/// Base64 with padding (RFC 4648 §4).
enum Base64 {
    private static let letters = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The text of `bytes`, four letters for three bytes.
    static func text(of bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var word = 0
            for index in 0..<3 {
                word = word << 8 | (index < count ? Int(bytes[start + index]) : 0)
            }
            for index in 0..<4 {
                let letter = letters[word >> (18 - 6 * index) & 63]
                text.append(index <= count ? letter : UInt8(ascii: "="))
            }
        }
        return text
    }
}
