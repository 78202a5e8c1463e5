import FileSystem
import Glibc
import Testing

@Suite struct FileLockTests {
    let folder = TemporaryFolder()

    @Test func aSecondOwnerFindsItBusyUntilTheFirstLetsGo() throws {
        let directory = try folder.directory()
        do {
            let lock = try FileLock.acquire("run.lock", in: directory)
            #expect(code { _ = try FileLock.acquire("run.lock", in: directory) } == "busy-lock")
            let shared = code { _ = try FileLock.acquire("run.lock", in: directory, .shared) }
            #expect(shared == "busy-lock")
            _ = consume lock
        }
        #expect(code { _ = try FileLock.acquire("run.lock", in: directory) } == "none")
        #expect(try directory.status(of: "run.lock")?.permissions == 0o600)
    }

    @Test func sharedOwnersDoNotExcludeEachOther() throws {
        let directory = try folder.directory()
        let first = try FileLock.acquire("run.lock", in: directory, .shared)
        let second = try FileLock.acquire("run.lock", in: directory, .shared)
        #expect(code { _ = try FileLock.acquire("run.lock", in: directory) } == "busy-lock")
        _ = consume first
        _ = consume second
    }

    @Test func anotherProcessFindsItBusy() async throws {
        let path = folder.path
        let lock = try FileLock.acquire("run.lock", in: folder.directory())
        await #expect(processExitsWith: .exitCode(42)) { [path = path as String] in
            let found = code { _ = try FileLock.acquire("run.lock", in: Directory.open(path)) }
            exit(found == "busy-lock" ? 42 : 1)
        }
        _ = consume lock
    }

    @Test func waitingEndsWithTheFaultWhenNobodyLetsGo() throws {
        let directory = try folder.directory()
        let lock = try FileLock.acquire("run.lock", in: directory)
        let start = ContinuousClock.now
        let found = code {
            _ = try FileLock.acquire("run.lock", in: directory, waitingSeconds: 1)
        }
        #expect(found == "busy-lock")
        #expect(ContinuousClock.now - start >= .milliseconds(900))
        _ = consume lock
    }

    @Test func aSymbolicLinkIsNoLockFile() throws {
        folder.link("run.lock", to: "/dev/null")
        let found = code { _ = try FileLock.acquire("run.lock", in: folder.directory()) }
        #expect(found == "symbolic-link")
    }
}
