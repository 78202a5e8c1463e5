private import CCrypto

extension SecretKey {
    /// True when the first half of the key equals the second; takes the same time in either case.
    package var hasEqualHalves: Bool {
        unsafe withBytes { bytes in
            guard let start = bytes.baseAddress, bytes.count % 2 == 0 else { return false }
            let half = bytes.count / 2
            return unsafe CRYPTO_memcmp(start, start + half, half) == 0
        }
    }
}
