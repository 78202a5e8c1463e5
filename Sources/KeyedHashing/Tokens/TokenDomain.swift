/// The part of a token's message that is the same for every value of one field, made once.
///
/// The whole message is `0x01 ‖ LP(scope) ‖ LP(field) ‖ LP(canonical value)`, where `LP` is the
/// length in four bytes, most significant first, and then the bytes. Because every part carries its
/// length, no two different triples give the same message, whatever bytes the parts hold.
///
/// Example: scope `u`, field `id` begins `01 00000001 75 00000002 6964`.
package struct TokenDomain: Hashable, Sendable {
    /// The version of the message form; a changed form gets another number, so that old and new
    /// tokens cannot meet. Versions from 0x80 on are kept for messages that are not tokens.
    package static let version: UInt8 = 1

    /// Version, scope and field.
    let prefix: [UInt8]

    /// The domain of `field` in `scope`; both are names of the programme or of a pipeline.
    package init(scope: String, field: String) {
        var message = [Self.version]
        Self.append(Array(scope.utf8), to: &message)
        Self.append(Array(field.utf8), to: &message)
        prefix = message
    }

    private static func append(_ part: [UInt8], to message: inout [UInt8]) {
        let length = lengthBytes(part.count)
        for index in length.indices { message.append(length[index]) }
        message += part
    }

    /// The four bytes in front of a part of `count` bytes.
    static func lengthBytes(_ count: Int) -> [4 of UInt8] {
        precondition(count >= 0 && count <= Int(UInt32.max), "a part of a message is too long")
        let length = UInt32(count)
        return [
            UInt8(length >> 24), UInt8(length >> 16 & 255),
            UInt8(length >> 8 & 255), UInt8(length & 255),
        ]
    }
}
