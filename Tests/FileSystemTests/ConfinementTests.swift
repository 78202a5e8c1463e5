import CSystem
import FileSystem
import Foundation
import Glibc
import TestSupport
import Testing

/// What a process can still do once it is confined. Each test tries it in a process of its own.
@Suite(.serialized, .enabled(if: try Want.landlock.isMet(csystem_landlock_version() > 0)))
final class ConfinementTests {
    /// Folders side by side, of which the process may write to one, read another and list a third
    /// one; the last one is none of its business.
    private struct Rooms {
        let root = "\(Rooms.house)/\(getpid())"
        static let house = "\(FileManager.default.temporaryDirectory.path)/sluice-rooms"
        var own: String { "\(root)/own" }
        var input: String { "\(root)/input" }
        var list: String { "\(root)/list" }
        var foreign: String { "\(root)/foreign" }

        /// Makes the folders, with a file in each, and confines the process.
        func enter() -> Bool {
            unsafe mkdir(Rooms.house, 0o700)
            for folder in [root, own, input, list, foreign] {
                guard unsafe mkdir(folder, 0o700) == 0 else { return false }
            }
            for folder in [own, input, list, foreign] where !write("\(folder)/file") { return false }
            unsafe symlink("\(foreign)/file", "\(own)/way-out")
            unsafe symlink(foreign, "\(input)/way-out")
            var places = Confinement.Places()
            places.read = [input]
            places.written = [own, "\(own)/not-there/yet"]
            places.listed = [list]
            let outcome = Confinement.enter(places)
            return outcome.landlock != nil && outcome.callsAreRefused
        }

        func write(_ path: String) -> Bool {
            let number = unsafe open(path, O_WRONLY | O_CREAT, 0o600)
            guard number >= 0 else { return false }
            defer { close(number) }
            return unsafe Glibc.write(number, path, 3) == 3
        }

        func read(_ path: String) -> Bool {
            let number = unsafe open(path, O_RDONLY)
            guard number >= 0 else { return false }
            defer { close(number) }
            var byte: UInt8 = 0
            return unsafe Glibc.read(number, &byte, 1) == 1
        }
    }

    /// A confined process cannot clear away where it was.
    deinit { try? FileManager.default.removeItem(atPath: Rooms.house) }

    @Test func itsOwnWorkGoesOn() async {
        await #expect(processExitsWith: .exitCode(0)) {
            ProcessHygiene.apply()
            let rooms = Rooms()
            guard rooms.enter() else { exit(1) }
            guard rooms.read("\(rooms.input)/file"), rooms.read("\(rooms.own)/file"),
                rooms.write("\(rooms.own)/new")
            else { exit(2) }
            let folder = try Directory.open("\(rooms.own)/not-there/yet", creating: true)
            try DurableFile.durablyReplace("result", in: folder, with: [1, 2, 3].span)
            guard try folder.remove("result") else { exit(3) }
            let lock = try FileLock.acquire("lock", in: folder)
            _ = consume lock
            guard rooms.read("/dev/urandom"), rooms.write("/dev/null") else { exit(4) }
            guard try Directory.open(rooms.list).names().elementsEqual(["file"]) else { exit(5) }
            exit(0)
        }
    }

    @Test func noOtherFileIsReadOrWritten() async {
        await #expect(processExitsWith: .exitCode(0)) {
            let rooms = Rooms()
            guard rooms.enter() else { exit(1) }
            let foreign = [
                "\(rooms.foreign)/file", "\(rooms.own)/../foreign/file", "\(rooms.own)/way-out",
                "\(rooms.input)/way-out/file", "/proc/self/root\(rooms.foreign)/file",
                "/etc/passwd", "/proc/1/environ", "\(rooms.list)/file",
            ]
            for path in foreign where rooms.read(path) { exit(2) }
            for path in [
                "\(rooms.foreign)/new", "\(rooms.input)/file", "\(rooms.input)/new",
                "\(rooms.list)/file", "\(rooms.list)/new",
            ]
            where rooms.write(path) { exit(3) }
            guard unsafe opendir(rooms.foreign) == nil else { exit(4) }
            guard unsafe mkdir("\(rooms.foreign)/new", 0o700) != 0 else { exit(5) }
            guard unsafe unlink("\(rooms.foreign)/file") != 0 else { exit(6) }
            exit(0)
        }
    }

    @Test func nothingIsCarriedOutUnderAnotherName() async {
        await #expect(processExitsWith: .exitCode(0)) {
            let rooms = Rooms()
            guard rooms.enter() else { exit(1) }
            let (own, foreign) = ("\(rooms.own)/file", "\(rooms.foreign)/other")
            guard unsafe rename(own, foreign) != 0 else { exit(2) }
            guard unsafe link(own, foreign) != 0 else { exit(3) }
            guard unsafe link("\(rooms.foreign)/file", "\(rooms.own)/in") != 0 else { exit(4) }
            guard unsafe symlink(own, "\(rooms.own)/way") != 0 else { exit(5) }
            guard unsafe mkfifo("\(rooms.own)/pipe", 0o600) != 0 else { exit(6) }
            guard unsafe truncate("\(rooms.foreign)/file", 0) != 0 else { exit(7) }
            exit(0)
        }
    }

    @Test func thereIsNoNetworkAndNoOtherProgramme() async {
        await #expect(processExitsWith: .exitCode(0)) {
            guard Rooms().enter() else { exit(1) }
            for family in [AF_INET, AF_INET6, AF_UNIX, AF_NETLINK] {
                for kind in [SOCK_STREAM.rawValue, SOCK_DGRAM.rawValue, SOCK_RAW.rawValue] {
                    guard socket(family, Int32(kind), 0) == -1 else { exit(2) }
                }
            }
            guard let word = unsafe strdup("/bin/true") else { exit(3) }
            var words: [UnsafeMutablePointer<CChar>?] = unsafe [word, nil]
            _ = unsafe execv(word, &words)
            guard errno == EPERM else { exit(4) }
            // Taking it back is no way out either.
            guard csystem_landlock_version() > 0 else { exit(5) }
            var places = Confinement.Places()
            places.read = ["/"]
            _ = Confinement.enter(places)
            guard !Rooms().read("/etc/passwd") else { exit(6) }
            exit(0)
        }
    }

    /// Calls by their numbers, with arguments that harm nobody and that a kernel finds fault with
    /// in another way, where it has the call at all: so that EPERM is the filter's answer.
    private static let refused: [(number: Int, words: [Int])] = {
        #if arch(x86_64)
            let (socket, execve, execveat, ptrace, readOther, writeOther) =
                (41, 59, 322, 101, 310, 311)
            let (addKey, requestKey, keyControl, getSegment, attachSegment) =
                (248, 249, 250, 29, 30)
            let (compare, watch, bpf, faults) = (312, 298, 321, 323)
        #else
            let (socket, execve, execveat, ptrace, readOther, writeOther) =
                (198, 221, 281, 117, 270, 271)
            let (addKey, requestKey, keyControl, getSegment, attachSegment) =
                (217, 218, 219, 194, 196)
            let (compare, watch, bpf, faults) = (272, 241, 280, 282)
        #endif
        let (ring, takeDescriptor, advise) = (425, 438, 440)
        let own = Int(getpid())
        return [
            (socket, [-1]), (ring, []), (execve, []), (execveat, [-1]), (addKey, []),
            (requestKey, []), (keyControl, [-1]), (ptrace, [2, 0x7fff_ffff]), (readOther, [own]),
            (writeOther, [own]), (advise, [-1]), (takeDescriptor, [-1]), (getSegment, []),
            (attachSegment, [-1]), (compare, [own, own, 99]), (watch, []), (bpf, [99]),
            (faults, [-1]),
        ]
    }()

    /// The exit status is 10 and the place in the list of what is not refused.
    @Test func noOtherMemoryNoRingsAndNoHelpersOfTheKernel() async {
        await #expect(processExitsWith: .exitCode(0)) {
            typealias Call = @convention(c) (Int, Int, Int, Int, Int, Int, Int) -> Int
            guard let address = unsafe dlsym(nil, "syscall") else { exit(1) }
            let call = unsafe unsafeBitCast(address, to: Call.self)
            guard Rooms().enter() else { exit(2) }
            for (place, (number, some)) in ConfinementTests.refused.enumerated() {
                let words = some + [Int](repeating: 0, count: 6 - some.count)
                errno = 0
                let result = call(
                    number, words[0], words[1], words[2], words[3], words[4], words[5])
                guard result == -1, errno == EPERM else { exit(Int32(10 + place)) }
            }
            exit(0)
        }
    }

    /// Not into one of the same user either, which is this one's child.
    @Test func noOtherProcessIsLookedInto() async {
        await #expect(processExitsWith: .exitCode(0)) {
            var ends: [Int32] = [-1, -1]
            guard unsafe pipe(&ends) == 0 else { exit(1) }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            var actions = unsafe posix_spawn_file_actions_t()
            unsafe posix_spawn_file_actions_init(&actions)
            unsafe posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO)
            guard let word = unsafe strdup("/bin/cat") else { exit(1) }
            var words: [UnsafeMutablePointer<CChar>?] = unsafe [word, nil]
            // Ends with its input, and that with this process.
            var other = pid_t()
            guard unsafe posix_spawn(&other, word, &actions, nil, &words, nil) == 0 else { exit(1) }
            guard Rooms().enter() else { exit(2) }
            for name in ["mem", "environ", "maps", "fd/0", "task/\(other)/mem"] {
                guard unsafe open("/proc/\(other)/\(name)", O_RDONLY) < 0 else { exit(3) }
            }
            exit(0)
        }
    }

    @Test func threadsThatStartLaterAreBoundToo() async {
        await #expect(processExitsWith: .exitCode(0)) {
            guard Rooms().enter() else { exit(1) }
            var thread = pthread_t()
            let failure = unsafe pthread_create(
                &thread, nil,
                { _ in
                    let reached = Rooms().read("/etc/passwd") || socket(AF_INET, 1, 0) >= 0
                    return unsafe reached ? UnsafeMutableRawPointer(bitPattern: 1) : nil
                }, nil)
            var reached: UnsafeMutableRawPointer?
            guard failure == 0, unsafe pthread_join(thread, &reached) == 0 else { exit(2) }
            exit(unsafe reached == nil ? 0 : 3)
        }
    }

    @Test func itCostsLessThanAMillisecond() async {
        await #expect(processExitsWith: .exitCode(0)) {
            var places = Confinement.Places()
            places.read = ["/etc"]
            places.written = ["/tmp"]
            var hasRules = false
            let spent = processorSeconds { hasRules = Confinement.enter(places).landlock != nil }
            exit(hasRules && spent < 0.001 ? 0 : 2)
        }
    }
}
