private import CCrypto
private import Glibc

/// Whole pages of memory for what is as good as a key: locked, left out of core dumps, and wiped
/// when the owner lets go.
@safe final class ProtectedPages: Sendable {
    /// The beginning; zeros at first.
    nonisolated(unsafe) let start: UnsafeMutableRawPointer
    private let byteCount: Int

    /// Pages for `count` bytes at least.
    init(count: Int) {
        let page = sysconf(Int32(_SC_PAGESIZE))
        byteCount = (max(count, 1) + page - 1) / page * page
        unsafe start = .allocate(byteCount: byteCount, alignment: page)
        unsafe start.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
        unsafe LockedMemory.protect(start, count: byteCount)
    }

    deinit {
        unsafe OPENSSL_cleanse(start, byteCount)
        _ = unsafe madvise(start, byteCount, MADV_DODUMP)
        _ = unsafe munlock(start, byteCount)
        unsafe start.deallocate()
    }
}
