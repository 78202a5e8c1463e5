import FileSystem
import Glibc
import KeyedHashing
import TestSupport
import Testing

/// Where secrets lie in memory. That they are wiped is seen from outside (`EscapeTests`). A
/// sanitizer locks nothing.
@Suite(.enabled(if: try Want.plainProcess.isMet()))
struct SecretPagesTests {
    /// In a process of its own, where nothing else takes from what may be locked: two pages.
    @Test func theyAreLockedAndNotDumped() async {
        await #expect(processExitsWith: .exitCode(0)) {
            guard try protectedBytes() == 0 else { exit(1) }
            let key = try SecretKey.random()
            let one = try protectedBytes()
            guard one > 0, !LockedMemory.wasRefused else { exit(2) }
            let hasher = HMACSHA256(key: key)
            guard try protectedBytes() > one else { exit(3) }
            withExtendedLifetime((key, hasher)) {}
            exit(0)
        }
    }

    @Test func theyAreGivenBack() async {
        await #expect(processExitsWith: .exitCode(0)) {
            for _ in 0..<3 {
                let key = try SecretKey.random()
                _ = HMACSHA256(key: key)
            }
            exit(try protectedBytes() == 0 ? 0 : 1)
        }
    }
}

/// How much memory of this process is locked and left out of dumps at once, in KiB.
private func protectedBytes() throws -> Int {
    let content = try FileDescriptor.reading("/proc/self/smaps").readAll(limitBytes: 1 << 24)
    var size = 0
    var sum = 0
    for line in String(decoding: content, as: UTF8.self).split(separator: "\n") {
        let words = line.split(separator: " ")
        if words.first == "Size:", words.count > 1 { size = Int(words[1]) ?? 0 }
        if words.first == "VmFlags:", words.contains("lo"), words.contains("dd") { sum += size }
    }
    return sum
}
