import CSystem
import FileSystem
import Glibc
import TestSupport
import Testing

/// Each test runs in a process of its own: what it sets holds for the whole process.
@Suite struct ProcessTests {
    @Test func hygieneSetsLimitsUmaskAndSignals() async {
        await #expect(processExitsWith: .exitCode(0)) {
            ProcessHygiene.apply()
            var core = rlimit()
            unsafe getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &core)
            guard core.rlim_cur == 0, core.rlim_max == 0 else { exit(1) }
            guard umask(0) == 0o077 else { exit(2) }
            guard csystem_dumpable() == 0 else { exit(3) }
            for crash in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT] {
                var action = sigaction()
                guard unsafe sigaction(crash, nil, &action) == 0,
                    unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 0
                else { exit(4) }
            }
            exit(0)
        }
    }

    /// By itself the C library keeps blocks that are smaller than any that was freed before. (A
    /// sanitizer keeps all of them for a while.)
    @Test(.enabled(if: try Want.plainProcess.isMet())) func memoryGoesBackToTheSystem() async {
        await #expect(processExitsWith: .exitCode(0)) {
            ProcessHygiene.apply()
            func block(_ bytes: Int) -> UnsafeMutableRawPointer {
                guard let block = unsafe malloc(bytes) else { exit(1) }
                return unsafe memset(block, 1, bytes)
            }
            unsafe free(block(16 << 20))
            let before = residentBytes()
            var blocks = unsafe (0..<64).map { _ in unsafe block(256 << 10) }
            guard residentBytes() > before + (12 << 20) else { exit(2) }
            // The last one stays, behind all others.
            while unsafe blocks.count > 1 { unsafe free(blocks.removeFirst()) }
            exit(residentBytes() < before + (4 << 20) ? 0 : 3)
        }
    }

    @Test func aCrashPrintsNothing() async throws {
        let result = try await #require(
            processExitsWith: .signal(SIGILL), observing: [\.standardErrorContent]
        ) {
            ProcessHygiene.apply()
            kill(getpid(), SIGILL)
            sleep(5)
        }
        // The test library itself leaves a few bytes there; a report of a crash has many lines.
        let printed = String(decoding: result.standardErrorContent, as: UTF8.self)
        #expect(result.standardErrorContent.count < 256)
        #expect(!printed.contains("Thread") && !printed.contains("Registers"))
    }

    @Test func closedStandardStreamsNeverBecomeOurFiles() async {
        await #expect(processExitsWith: .exitCode(0)) {
            for number in Int32(0)...2 { close(number) }
            ProcessHygiene.apply()
            let file = try FileDescriptor.reading("/dev/null")
            guard file.number > 2 else { exit(1) }
            guard code({ try StandardOutput.write(text: "x") }) == "EBADF" else { exit(2) }
            let input = try FileDescriptor.standardInput()
            guard code({ _ = try input.readAll(limitBytes: 10) }) == "EBADF" else { exit(3) }
            StandardError.write("nobody reads this")
            exit(0)
        }
    }

    @Test func aReaderThatLeftIsAFaultOfItsOwn() async {
        await #expect(processExitsWith: .exitCode(0)) {
            ProcessHygiene.apply()
            var ends: [Int32] = [0, 0]
            unsafe pipe(&ends)
            dup2(ends[1], 1)
            close(ends[0])
            exit(code { try StandardOutput.write(text: "x") } == "broken-pipe" ? 0 : 1)
        }
    }

    @Test(.enabled(if: try Want.fullDevice.isMet(unsafe access("/dev/full", W_OK) == 0)))
    func aFullDeviceBehindTheStreams() async {
        await #expect(processExitsWith: .exitCode(0)) {
            ProcessHygiene.apply()
            let full = unsafe open("/dev/full", O_WRONLY)
            guard full >= 0 else { exit(3) }
            dup2(full, 1)
            dup2(full, 2)
            StandardError.write("lost, and nobody traps")
            guard code({ try StandardOutput.write(text: "x") }) == "ENOSPC" else { exit(1) }
            exit(code { try StandardOutput.finish() } == "none" ? 0 : 2)
        }
    }

    /// The reader has a thread of its own: a task would wait for one of the test runner's, of
    /// which there are as many as processors and which other tests hold for minutes, and the
    /// writer would keep another of them for as long.
    @Test func aPipeMadeNonBlockingBySomebodyElseStillCarriesEverything() throws {
        let folder = TemporaryFolder()
        folder.pipe("pipe")
        let source = unsafe open(folder("pipe"), O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        let sink = unsafe open(folder("pipe"), O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        var reader = pthread_t()
        let failure = unsafe pthread_create(
            &reader, nil,
            { number in
                let input = FileDescriptor(
                    owning: Int32(Int(bitPattern: number)), path: "pipe")
                let count = try? input.readAll(limitBytes: 2 << 20).count
                return unsafe UnsafeMutableRawPointer(bitPattern: count ?? 0)
            }, UnsafeMutableRawPointer(bitPattern: Int(source)))
        try #require(failure == 0)
        let output = FileDescriptor(owning: sink, path: "pipe")
        try output.writeAll([UInt8](repeating: 3, count: 1 << 20).span)
        try output.close()
        var read: UnsafeMutableRawPointer?
        #expect(unsafe pthread_join(reader, &read) == 0)
        #expect(Int(bitPattern: read) == 1 << 20)
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func aSignalSetsTheFlag(number: Int32) async {
        await #expect(processExitsWith: .exitCode(0)) { [number = number as Int32] in
            Interruption.install()
            guard !Interruption.isRequested, Interruption.signal == nil else { exit(1) }
            kill(getpid(), number)
            waitForFlag()
            exit(Interruption.isRequested && Interruption.signal == number ? 0 : 2)
        }
    }

    @Test func aSecondInterruptEndsAtOnce() async {
        await #expect(processExitsWith: .signal(SIGINT)) {
            Interruption.install()
            kill(getpid(), SIGINT)
            waitForFlag()
            guard Interruption.isRequested else { exit(1) }
            kill(getpid(), SIGINT)
            sleep(5)
        }
    }

    @Test func anIgnoredSignalStaysIgnored() async {
        await #expect(processExitsWith: .exitCode(0)) {
            signal(SIGHUP, SIG_IGN)
            Interruption.install()
            kill(getpid(), SIGHUP)
            waitForFlag(milliseconds: 100)
            exit(Interruption.isRequested ? 1 : 0)
        }
    }

    @Test func aSignalWakesAReadOfASilentPipe() async {
        await #expect(processExitsWith: .exitCode(0)) {
            Interruption.install()
            var ends: [Int32] = [0, 0]
            unsafe pipe(&ends)
            let silent = FileDescriptor(owning: ends[0], path: "pipe")
            var timer = itimerval()
            timer.it_value.tv_usec = 100_000
            signal(SIGALRM) { _ in kill(getpid(), SIGTERM) }
            unsafe setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &timer, nil)
            exit(code { _ = try silent.readAll(limitBytes: 10) } == "interrupted" ? 0 : 1)
        }
    }
}

/// The system may give a signal to any thread, so the flag can come a moment later.
private func waitForFlag(milliseconds: Int = 5000) {
    for _ in 0..<milliseconds where !Interruption.isRequested { _ = usleep(1000) }
}

/// The memory of this process that lies in pages of its own, in bytes.
private func residentBytes() -> Int {
    let read = try? FileDescriptor.reading("/proc/self/statm").readAll(limitBytes: 256)
    let words = String(decoding: read ?? [], as: UTF8.self).split(separator: " ")
    return (words.count > 1 ? Int(words[1]) ?? 0 : 0) * Int(getpagesize())
}
