private import Glibc

/// The memory behind `FlatArray`: that of the C library, which enlarges big blocks by moving pages
/// instead of bytes.
@usableFromInline enum FlatMemory {
    /// Room for `bytes` bytes, at least 1, aligned for every plain type.
    @usableFromInline static func allocate(_ bytes: Int) -> UnsafeMutableRawPointer {
        unsafe checked(malloc(bytes))
    }

    /// The block with room for `bytes` bytes and the same content, most likely elsewhere.
    @usableFromInline static func resize(
        _ block: UnsafeMutableRawPointer, _ bytes: Int
    ) -> UnsafeMutableRawPointer {
        unsafe checked(realloc(block, bytes))
    }

    @usableFromInline static func free(_ block: UnsafeMutableRawPointer) {
        unsafe Glibc.free(block)
    }

    /// A process without memory ends here, as everywhere in Swift.
    private static func checked(_ block: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer {
        guard let block = unsafe block else { preconditionFailure("out of memory") }
        return unsafe block
    }
}
