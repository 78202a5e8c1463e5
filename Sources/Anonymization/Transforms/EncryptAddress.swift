package import KeyedHashing
package import Records

/// `encrypt_ip`: an address becomes another address, and the holder of the key can go back.
///
/// The two modes without a tweak of the ipcrypt draft (draft-denis-ipcrypt): equal addresses stay
/// equal, and in prefix mode addresses of one network stay in one network.
package struct EncryptAddress: Transform {
    /// What of the structure of addresses is kept.
    package enum Mode: String, Sendable, CaseIterable {
        /// ipcrypt-deterministic: equality only. Key of 16 bytes.
        case deterministic
        /// ipcrypt-pfx: the lengths of common prefixes. Key of 32 bytes with different halves.
        case prefix

        /// The length of the key in bytes.
        package var keyBytes: Int { self == .prefix ? 32 : 16 }
    }

    package static let descriptor = TransformDescriptor(
        name: "encrypt_ip",
        summary: "Encrypts an IP address into another IP address (ipcrypt).",
        guarantees: "Equal addresses give equal results; without the key nothing but the structure "
            + "that the mode keeps can be told. The IPv4-mapped spelling gives the result of the "
            + "IPv4 address. What is no address is dropped.",
        leaks: "Whoever holds the key reads every address, for as long as the key exists. In "
            + "prefix mode one known address reveals the network of its neighbours, and somebody "
            + "who can send requests can map the networks.",
        options: [
            OptionDescriptor(
                "mode", values: "deterministic or prefix", standard: "deterministic",
                help: "prefix: addresses that share their first n bits share them afterwards, and "
                    + "IPv4 stays IPv4.")
        ]
            + keyFileOptions(
                keyHelp: "The file that holds the key: 16 bytes for deterministic; 32 bytes with "
                    + "different halves for prefix."),
        shorthand: nil,
        traits: [.reversible, .staticKey, .keepsIdentity],
        make: { settings, environment in
            let faultsBefore = settings.faults.all.count
            let mode = settings.choice("mode", Mode.self) ?? .deterministic
            let isModeKnown = settings.faults.all.count == faultsBefore
            let key = readKeyFile(
                settings, environment, length: .exactly(mode.keyBytes))
            guard isModeKnown, let key else { return nil }
            do throws(UnfitKey) {
                return try EncryptAddress(mode: mode, key: key)
            } catch {
                let position = settings.optional("key")?.position ?? settings.position
                settings.faults.add(
                    error.sentence(mode), at: position, path: settings.path(of: "key"))
                return nil
            }
        })

    /// Why a key does not fit a mode.
    package enum UnfitKey: Error, Sendable, Equatable {
        case badLength
        /// Equal halves would leave every address as it is.
        case equalHalves
        case noCipher

        func sentence(_ mode: Mode) -> String {
            switch self {
            case .badLength: "expected a key of \(mode.keyBytes) bytes for `mode: \(mode.rawValue)`"
            case .equalHalves: "the two halves of the key are equal, expected different ones"
            case .noCipher: "AES-128 is not to be had from libcrypto"
            }
        }
    }

    private let first: AESBlocks
    /// Only in prefix mode.
    private let second: AESBlocks?

    /// Sets the keys; `key` must have `mode.keyBytes` bytes.
    package init(mode: Mode, key: SecretKey) throws(UnfitKey) {
        guard key.count == mode.keyBytes else { throw UnfitKey.badLength }
        guard mode == .prefix else {
            first = try Self.cipher(key, at: 0)
            second = nil
            return
        }
        guard !key.hasEqualHalves else { throw UnfitKey.equalHalves }
        first = try Self.cipher(key, at: 0)
        second = try Self.cipher(key, at: AESBlocks.blockBytes)
    }

    private static func cipher(_ key: SecretKey, at offset: Int) throws(UnfitKey) -> AESBlocks {
        do throws(CipherFault) {
            return try AESBlocks(key: key, at: offset)
        } catch {
            throw UnfitKey.noCipher
        }
    }

    /// An encrypted address is an address like any other.
    package var leavesRecognisableForm: Bool { false }

    package var isRepeatable: Bool { false }

    package func isReleased(_ value: borrowing FieldValue) -> Bool {
        guard value.isText else { return false }
        var printed = ByteBuffer(capacity: 64)
        let result = AddressReading().rewrite(value.bytes, into: &printed) { address, printed in
            address.appendText(to: &printed)
            return true
        }
        return result != .dropped && ReleasedForm.isSame(printed.bytes, value.bytes)
    }

    package func apply(
        _ value: borrowing FieldValue, _ context: borrowing TransformContext,
        into output: inout ByteBuffer
    ) -> TransformResult {
        guard value.kind == .text || value.kind == .escapedText else { return .dropped }
        return AddressReading().rewrite(value.bytes, into: &output) { address, output in
            guard let encrypted = encrypted(address) else { return false }
            encrypted.appendText(to: &output)
            return true
        }
    }

    /// The address that stands for `address`, or nil when libcrypto failed.
    package func encrypted(_ address: IPAddress) -> IPAddress? {
        guard let second else { return deterministic(address) }
        return prefixPreserving(address.unmapped, second)
    }

    private func deterministic(_ address: IPAddress) -> IPAddress? {
        var block = address.networkBytes
        var view = block.mutableSpan
        guard Self.encrypt(&view, first) else { return nil }
        var bits: UInt128 = 0
        for index in block.indices { bits = bits << 8 | UInt128(block[index]) }
        return IPAddress(bits: bits).unmapped
    }

    private func prefixPreserving(_ address: IPAddress, _ second: AESBlocks) -> IPAddress? {
        let plain = address.bits
        if address.isIPv4 {
            let pad = pad(plain, [512 of UInt8](repeating: 0), second)
            return pad.map { IPAddress(ipv4: UInt32(truncatingIfNeeded: plain ^ $0)) }
        }
        let pad = pad(plain, [2048 of UInt8](repeating: 0), second)
        return pad.map { IPAddress(bits: plain ^ $0) }
    }

    /// What turns the last bits of an address, one bit for each block of `room`.
    ///
    /// A bit depends on the bits before it: it is the last bit of AES(K1, block) ⊕ AES(K2, block),
    /// where the block is those bits behind a single 1. All blocks depend on plain bits only, so
    /// one call encrypts them together.
    private func pad<let size: Int>(
        _ plain: UInt128, _ room: [size of UInt8], _ second: AESBlocks
    ) -> UInt128? {
        var one = room
        let count = size / AESBlocks.blockBytes
        for index in 0..<count {
            // Smart shift: of the empty prefix nothing is left.
            let length = 128 - count + index
            let block = UInt128(1) << UInt128(length) | plain >> UInt128(128 - length)
            for byte in 0..<AESBlocks.blockBytes {
                one[index * AESBlocks.blockBytes + byte] =
                    UInt8(truncatingIfNeeded: block >> UInt128(120 - 8 * byte))
            }
        }
        var other = one
        var oneView = one.mutableSpan
        guard Self.encrypt(&oneView, first) else { return nil }
        var otherView = other.mutableSpan
        guard Self.encrypt(&otherView, second) else { return nil }
        var pad: UInt128 = 0
        for index in 0..<count {
            let last = index * AESBlocks.blockBytes + AESBlocks.blockBytes - 1
            pad = pad << 1 | UInt128((one[last] ^ other[last]) & 1)
        }
        return pad
    }

    private static func encrypt(_ blocks: inout MutableSpan<UInt8>, _ cipher: AESBlocks) -> Bool {
        do throws(CipherFault) {
            try cipher.encrypt(&blocks)
            return true
        } catch {
            return false
        }
    }
}
