private import FileSystem

/// How the bytes of a static key file stand for the key.
package enum KeyEncoding: String, Sendable, CaseIterable {
    /// Hexadecimal digits of either case, at most one line feed behind them.
    case hex
    /// Every byte of the file, also a line feed at its end.
    case raw
    /// 64 digits are hexadecimal; a file with other bytes than digits is raw; digits of another
    /// number are refused as ambiguous.
    case automatic
}

/// How long a static key must be.
package enum KeyLength: Sendable, Equatable {
    /// 32 bytes at least: what a keyed hash needs.
    case hash
    /// Exactly so many bytes: what a cipher needs.
    case exactly(Int)

    var words: String {
        switch self {
        case .hash: "at least 32 bytes; a passphrase will not do"
        case .exactly(let count): "exactly \(count) bytes"
        }
    }

    func fits(_ count: Int) -> Bool {
        switch self {
        case .hash: count >= 32
        case .exactly(let wanted): count == wanted
        }
    }
}

extension SecretKey {
    /// The longest key file in bytes.
    package static let fileBytesMax = 4096

    /// Reads a static key file.
    ///
    /// The file must be a regular one (no symbolic link) of the user who runs this, with no right
    /// for group or others, and hold a key of the `length` in the `encoding`. With `automatic`, a
    /// cipher of 16 bytes also takes 32 digits as hexadecimal.
    package static func load(
        path: String, encoding: KeyEncoding = .automatic, length: KeyLength = .hash
    ) throws(KeyFault) -> SecretKey {
        let (parent, name) = splitPath(path)
        let directory = try asKeyFault { () throws(FileFault) in try Directory.open(parent) }
        guard
            let content = try PrivateFile.secret(name, in: directory, limitBytes: fileBytesMax)
        else { throw .file(FileFault(.open, errno: 2, path: path)) }
        return try interpreted(content, encoding: encoding, length: length, path: path)
    }

    /// The key that the bytes of a key file stand for; `path` is for messages.
    static func interpreted(
        _ content: SecretKey, encoding: KeyEncoding, length: KeyLength, path: String
    ) throws(KeyFault) -> SecretKey {
        let digits = content.digitCount
        switch encoding {
        case .raw: return try checked(content, length, path)
        case .hex:
            guard let digits, digits > 0, digits % 2 == 0 else {
                throw .notHexadecimal(path: path)
            }
            return try checked(content.decodingHex(digits: digits), length, path)
        case .automatic:
            guard let digits, digits > 0 else { return try checked(content, length, path) }
            guard digits == 64 || (digits == 32 && length == .exactly(16)) else {
                throw digits < 32
                    ? .wrongLength(path: path, expected: length.words) : .ambiguous(path: path)
            }
            return try checked(content.decodingHex(digits: digits), length, path)
        }
    }

    private static func checked(
        _ key: SecretKey, _ length: KeyLength, _ path: String
    ) throws(KeyFault) -> SecretKey {
        guard length.fits(key.count) else {
            throw .wrongLength(path: path, expected: length.words)
        }
        return key
    }

    /// The number of hexadecimal digits when nothing but them and one last line feed is there.
    private var digitCount: Int? {
        unsafe withBytes { bytes in
            var count = bytes.count
            if count > 0, unsafe bytes[count - 1] == UInt8(ascii: "\n") { count -= 1 }
            for index in 0..<count where unsafe Hexadecimal.value(bytes[index]) == nil {
                return nil
            }
            return count
        }
    }

    private func decodingHex(digits: Int) throws(KeyFault) -> SecretKey {
        try unsafe SecretKey.filled(count: digits / 2) { room throws(KeyFault) in
            unsafe withBytes { bytes in
                for index in room.indices {
                    let high = unsafe Hexadecimal.value(bytes[2 * index]) ?? 0
                    let low = unsafe Hexadecimal.value(bytes[2 * index + 1]) ?? 0
                    unsafe room[index] = high << 4 | low
                }
            }
        }
    }
}
