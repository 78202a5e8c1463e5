import FileSystem
import Glibc
import TestSupport
import Testing

@Suite struct DurableFileTests {
    let folder = TemporaryFolder()

    @Test func theFileAppearsOnlyWhenCommitted() throws {
        let file = try DurableFile.begin(in: folder.directory(), named: "a.csv")
        try file.write(bytes("one,").span)
        try file.write(bytes("two").span)
        #expect(try folder.directory().status(of: "a.csv") == nil)
        #expect(try folder.names() == [file.temporaryName])
        try file.commit()
        #expect(try folder.names() == ["a.csv"])
        #expect(try folder.read("a.csv") == "one,two")
        #expect(file.byteCount == 7)
    }

    @Test func replacingKeepsTheOldContentUntilTheCommit() throws {
        try folder.write("a", "old")
        let file = try DurableFile.begin(in: folder.directory(), named: "a")
        try file.write(bytes("new").span)
        try file.finish()
        #expect(try folder.read("a") == "old")
        try file.commit()
        #expect(try folder.read("a") == "new")
    }

    @Test func ofSeveralThatMakeAFileOnceTheFirstDoes() throws {
        let directory = try folder.directory()
        #expect(try DurableFile.makeOnce("a", in: directory, with: bytes("first").span))
        #expect(try !DurableFile.makeOnce("a", in: directory, with: bytes("second").span))
        #expect(try folder.read("a") == "first")
        #expect(try folder.names() == ["a"])
    }

    @Test(arguments: [UInt32(0o600), 0o640, 0o644])
    func permissionsAreExactWhateverTheUmask(mode: UInt32) throws {
        let file = try DurableFile.begin(in: folder.directory(), named: "a", mode: mode)
        try file.commit()
        #expect(try folder.directory().status(of: "a")?.permissions == mode)
    }

    @Test func aFileFollowsWhatItReplaces() throws {
        try folder.write("a", "old")
        let old = try #require(try folder.directory().status(of: "a"))
        let file = try DurableFile.begin(in: folder.directory(), named: "a")
        #expect(try file.follow(old), "the group is the same: nothing is asked of the system")
        try file.commit()
        let new = try #require(try folder.directory().status(of: "a"))
        #expect(new.group == old.group && new.permissions == old.permissions)
        #expect(new.modifiedNanoseconds == old.modifiedNanoseconds)
    }

    @Test func aForgottenFileLeavesNothing() throws {
        do {
            let file = try DurableFile.begin(in: folder.directory(), named: "a")
            try file.write(bytes("x").span)
        }
        #expect(try folder.names() == [])
    }

    @Test func anAbandonedFileTakesNoMore() throws {
        let file = try DurableFile.begin(in: folder.directory(), named: "a")
        file.abandon()
        #expect(try folder.names() == [])
        #expect(code { try file.write(bytes("x").span) } == "already-closed")
        #expect(code { try file.commit() } == "already-closed")
    }

    @Test func manyPreparedFilesArePublishedTogetherAndAgain() throws {
        let directory = try folder.directory()
        var prepared: [PreparedFile] = []
        for name in ["a", "b", "c"] {
            let file = try DurableFile.begin(in: directory, named: name)
            try file.write(bytes("content of \(name)").span)
            prepared.append(try file.prepare(settlingDirectory: false))
        }
        try directory.synchronize()
        #expect(try folder.names().allSatisfy { $0.hasSuffix(".tmp") })

        // A run that is killed behind the first rename and started again.
        try DurableFile.publish([prepared[0]], in: directory)
        try DurableFile.publish(prepared, in: directory, redo: true)
        try DurableFile.publish(prepared, in: directory, redo: true)
        #expect(try folder.names() == ["a", "b", "c"])
        #expect(try folder.read("c") == "content of c")
        #expect(code { try DurableFile.publish(prepared, in: directory) } == "ENOENT")
    }

    @Test func redoDoesNotTakeAnotherFileForThePublishedOne() throws {
        let directory = try folder.directory()
        let file = try DurableFile.begin(in: directory, named: "a")
        try file.write(bytes("12345").span)
        let prepared = try file.prepare()
        try DurableFile.discard([prepared], in: directory)
        try folder.write("a", "other length")
        #expect(code { try DurableFile.publish([prepared], in: directory, redo: true) } == "ENOENT")
    }

    @Test func aPreparedFileOutlivesItsOwner() throws {
        let prepared = try {
            try DurableFile.begin(in: folder.directory(), named: "a").prepare()
        }()
        #expect(try folder.names() == [prepared.temporaryName])
        try DurableFile.discard([prepared], in: folder.directory())
        #expect(try folder.names() == [])
    }

    @Test func aFileThatCannotBeRemovedKeepsNoneOfTheOthers() throws {
        let directory = try folder.directory()
        let prepared = try ["a", "b", "c"].map {
            try DurableFile.begin(in: directory, named: $0).prepare()
        }
        try directory.remove(prepared[0].temporaryName)
        folder.subfolder(prepared[0].temporaryName)
        #expect(code { try DurableFile.discard(prepared, in: directory) } != "none")
        #expect(try folder.names() == [prepared[0].temporaryName])
    }

    @Test func targetsThatMustNotBeReplacedAreRefused() throws {
        try folder.write("real", "old")
        folder.link("link", to: folder("real"))
        folder.subfolder("folder")
        folder.pipe("pipe")
        let cases = [
            ("link", "symbolic-link"), ("folder", "is-a-directory"),
            ("pipe", "not-a-regular-file"), ("", "unusable-name"), ("..", "unusable-name"),
            ("a/b", "unusable-name"), ("a\0b", "unusable-name"),
        ]
        let before = try folder.names()
        for (name, expected) in cases {
            let found = code { _ = try DurableFile.begin(in: folder.directory(), named: name) }
            #expect(found == expected, "\(name)")
        }
        #expect(try folder.names() == before)
        #expect(try folder.read("real") == "old")
    }

    @Test func aLinkPlantedAfterTheBeginningIsRefusedAtTheCommit() throws {
        try folder.write("victim", "old")
        let file = try DurableFile.begin(in: folder.directory(), named: "a")
        folder.link("a", to: folder("victim"))
        #expect(code { try file.commit() } == "symbolic-link")
        #expect(try folder.names() == ["a", "victim"])
        #expect(try folder.read("victim") == "old")
    }

    @Test(.enabled(if: try Want.superuser.isMet(geteuid() == 0)))
    func anotherUsersFileIsRefused() throws {
        try folder.write("a", "theirs")
        folder.giveAway("a")
        let found = code { _ = try DurableFile.begin(in: folder.directory(), named: "a") }
        #expect(found == "foreign-owner")
    }

    @Test func aLongNameIsCutInTheTemporaryNameOnly() throws {
        let name = String(repeating: "é", count: 127)
        let file = try DurableFile.begin(in: folder.directory(), named: name)
        #expect(file.temporaryName.utf8.count <= 255)
        #expect(TemporaryName.run(of: file.temporaryName.utf8) != nil)
        try file.commit()
        #expect(try folder.names() == [name])
    }

    @Test func aReadOnlyDirectoryIsReported() async {
        let path = folder.path
        _ = unsafe chmod(path, 0o555)
        await #expect(processExitsWith: .exitCode(0)) { [path = path as String] in
            // Root may write everywhere, so the child becomes somebody else.
            if geteuid() == 0 { _ = setuid(12345) }
            let found = code {
                _ = try DurableFile.begin(in: Directory.open(path), named: "a")
            }
            exit(found == "EACCES" ? 0 : 1)
        }
        _ = unsafe chmod(path, 0o700)
    }

    @Test func aFileSizeLimitIsReportedAndLeavesTheOldState() async {
        await #expect(processExitsWith: .exitCode(0)) {
            ProcessHygiene.apply()
            let folder = TemporaryFolder()
            try folder.write("a", "old")
            var limit = rlimit(rlim_cur: 100_000, rlim_max: 100_000)
            unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            let block = [UInt8](repeating: 7, count: 64 * 1024)
            let file = try DurableFile.begin(in: folder.directory(), named: "a")
            let found = code {
                try file.write(block.span)
                try file.write(block.span)
            }
            guard found == "EFBIG" else { exit(1) }
            guard code({ try file.commit() }) == "already-closed" else { exit(2) }
            guard try folder.names() == ["a"], try folder.read("a") == "old" else { exit(3) }
            TemporaryFolder.removeTree(folder.path)
            exit(0)
        }
    }

    @Test(.enabled(if: try Want.fullDevice.isMet(unsafe access("/dev/full", W_OK) == 0)))
    func aFullDeviceIsReported() throws {
        let number = unsafe open("/dev/full", O_WRONLY)
        let full = FileDescriptor(owning: number, path: "/dev/full")
        #expect(code { try full.writeAll(bytes("x").span) } == "ENOSPC")
    }

    @Test func aSuspendedFileGoesOnWhereItStopped() throws {
        let directory = try folder.directory()
        let file = try DurableFile.begin(in: directory, named: "a")
        for part in ["one ", "two ", "three"] {
            try file.write(bytes(part).span)
            try file.suspend()
            #expect(!file.isOpen)
        }
        #expect(file.byteCount == 13)
        try file.commit()
        #expect(try folder.names() == ["a"])
        #expect(try directory.content(of: "a", limitBytes: 99) == bytes("one two three"))
    }

    @Test func aSuspendedFileThatSomebodyTouchedIsRefused() throws {
        for isReplaced in [true, false] {
            let directory = try folder.directory()
            let file = try DurableFile.begin(in: directory, named: "a")
            try file.write(bytes("one").span)
            try file.suspend()
            if isReplaced {
                try directory.remove(file.temporaryName)
                try folder.write(file.temporaryName)
            } else {
                let other = try directory.appending(file.temporaryName)
                try other.writeAll(bytes("x").span)
            }
            #expect(throws: FileFault.self) { try file.write(bytes("two").span) }
            #expect(throws: FileFault.self) { try file.commit() }
            #expect(try folder.names() == [])
        }
    }
}
