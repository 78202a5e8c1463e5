private import Glibc

/// Zstandard as the library reads a whole file at once, where the machine has it.
package enum ZstdLibrary {
    private typealias Decompress = @convention(c) (
        UnsafeMutableRawPointer?, Int, UnsafeRawPointer?, Int
    ) -> Int
    private typealias IsError = @convention(c) (Int) -> UInt32

    @safe private struct Functions: @unchecked Sendable {
        let decompress: Decompress
        let isError: IsError

        init?() {
            guard let library = unsafe dlopen("libzstd.so.1", RTLD_NOW | RTLD_LOCAL),
                let decompress = unsafe dlsym(library, "ZSTD_decompress"),
                let isError = unsafe dlsym(library, "ZSTD_isError")
            else { return nil }
            unsafe self.decompress = unsafeBitCast(decompress, to: Decompress.self)
            self.isError = unsafe unsafeBitCast(isError, to: IsError.self)
        }
    }

    private static let functions = Functions()

    /// The bytes of all frames of `file`, at most `limit` of them; nil where it is none, or where
    /// there is no library.
    package static func inflated(_ file: [UInt8], limit: Int) -> [UInt8]? {
        guard let functions else { return nil }
        var isGood = false
        let plain = unsafe [UInt8](unsafeUninitializedCapacity: limit) { target, count in
            let result = unsafe file.withUnsafeBytes { source in
                unsafe functions.decompress(
                    target.baseAddress, limit, source.baseAddress, source.count)
            }
            isGood = functions.isError(result) == 0
            count = isGood ? result : 0
        }
        return isGood ? plain : nil
    }

    /// True for one frame of data alone that asks for no window beyond the 128 MiB of a stream:
    /// whatever else looks like the start of a frame may be one of a format before RFC 8878.
    package static func isOneFrame(_ file: [UInt8]) -> Bool {
        guard file.count > 5, file.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) else { return false }
        let isSmall = file[4] & 0x20 != 0 || file[5] >> 3 <= 16
        let hasOther = file.indices.dropFirst(2).contains { place in
            [[0xB5, 0x2F, 0xFD], [0x2A, 0x4D, 0x18]].contains { file[place...].starts(with: $0) }
        }
        return isSmall && !hasOther
    }
}
