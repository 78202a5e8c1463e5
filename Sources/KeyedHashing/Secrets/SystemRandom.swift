private import CSystem
private import Glibc

/// Random words from the operating system's generator.
package enum SystemRandom {
    /// Overwrites all of `words`; a fault when the system gives none.
    package static func fill(_ words: inout [UInt64]) throws(SecretFault) {
        let isFilled = unsafe words.withUnsafeMutableBytes { room in
            var filled = 0
            while filled < room.count {
                let start = unsafe room.baseAddress.map { unsafe $0 + filled }
                let got = unsafe getrandom(start, room.count - filled, 0)
                if got < 0, errno != EINTR { return false }
                filled += max(got, 0)
            }
            return true
        }
        if !isFilled { throw .noRandomness }
    }
}
