import FileSystem
import Glibc
import TestSupport
import Testing

@Suite struct DirectoryTests {
    let folder = TemporaryFolder()

    @Test func aPrivateDirectoryIsMadeForTheOwnerOnly() throws {
        let directory = try Directory.privateDirectory(folder("state/nightly/"), creating: true)
        #expect(try directory.status().permissions == 0o700)
        #expect(directory.path == folder("state/nightly"))
        #expect(try Directory.open(folder("state")).status().permissions == 0o700)
        let again = try Directory.privateDirectory(folder("state/nightly"), creating: true)
        #expect(try again.status().identity == directory.status().identity)
        let inner = try directory.privateSubdirectory("keys", creating: true, closedToReaders: true)
        #expect(try inner.status().permissions == 0o700)
    }

    @Test func placesThatOthersCanReachAreRefused() throws {
        folder.subfolder("real")
        folder.link("link", to: folder("real"))
        folder.subfolder("group", permissions: 0o770)
        folder.subfolder("world", permissions: 0o777)
        folder.subfolder("readable", permissions: 0o755)
        try folder.write("file")
        let table = [
            ("real", "none"), ("link", "symbolic-link"), ("link/", "symbolic-link"),
            ("group", "open-to-others"), ("world", "open-to-others"), ("readable", "none"),
            ("file", "not-a-directory"), ("missing", "ENOENT"),
        ]
        for (name, expected) in table {
            let found = code {
                _ = try Directory.privateDirectory(folder(name), creating: false)
            }
            #expect(found == expected, "\(name)")
        }
        let strict = code {
            _ = try Directory.privateDirectory(
                folder("readable"), creating: false, closedToReaders: true)
        }
        #expect(strict == "open-to-others")
        let linked = code {
            _ = try folder.directory().privateSubdirectory("link", creating: true)
        }
        #expect(linked == "symbolic-link")
    }

    @Test(.enabled(if: try Want.superuser.isMet(geteuid() == 0)))
    func anotherUsersDirectoryIsRefused() throws {
        folder.subfolder("theirs")
        folder.giveAway("theirs")
        let found = code {
            _ = try Directory.privateDirectory(folder("theirs"), creating: true)
        }
        #expect(found == "foreign-owner")
    }

    @Test func namesComeInTheOrderOfTheirBytes() throws {
        for name in ["é", "z", "Z", "a.10", "a.2", "\u{65}\u{301}"] { try folder.write(name) }
        #expect(
            try folder.names().map { Array($0.utf8) }
                == ["Z", "a.10", "a.2", "e\u{301}", "z", "é"].map { Array($0.utf8) })
    }

    @Test func aNameThatIsNotTextIsReportedNotChanged() throws {
        let odd = bytes(folder("bad-")) + [0xff, 0]
        unsafe odd.withUnsafeBytes { region in
            guard let start = region.baseAddress else { return }
            unsafe close(creat(start.assumingMemoryBound(to: CChar.self), 0o600))
        }
        #expect(code { _ = try folder.names() } == "unusable-name")
        unsafe odd.withUnsafeBytes { region in
            guard let start = region.baseAddress else { return }
            _ = unsafe unlink(start.assumingMemoryBound(to: CChar.self))
        }
    }

    @Test func filesAreMadeLinkedRenamedAndRemoved() throws {
        let directory = try folder.directory()
        do {
            let file = try directory.creating("a")
            try file.writeAll(bytes("content").span)
            try file.synchronize()
            try file.close()
        }
        #expect(code { _ = try directory.creating("a") } == "EEXIST")
        #expect(try directory.status(of: "a")?.permissions == 0o600)
        try directory.link("a", to: "b")
        #expect(code { try directory.link("a", to: "b") } == "EEXIST")
        #expect(try directory.status(of: "a")?.identity == directory.status(of: "b")?.identity)
        try directory.rename("a", to: "c")
        #expect(try directory.content(of: "c", limitBytes: 7) == bytes("content"))
        #expect(code { _ = try directory.content(of: "c", limitBytes: 6) } == "too-long")
        #expect(try directory.remove("c"))
        #expect(try directory.remove("c") == false)
        #expect(try directory.names() == ["b"])
    }

    @Test func plantedLinksPipesAndDirectoriesAreNotOpened() throws {
        let directory = try folder.directory()
        try folder.write("real")
        folder.link("link", to: folder("real"))
        folder.pipe("pipe")
        folder.subfolder("folder")
        for (name, expected) in [
            ("link", "symbolic-link"), ("pipe", "not-a-regular-file"), ("folder", "is-a-directory"),
        ] {
            #expect(code { _ = try directory.reading(name) } == expected)
        }
        #expect(code { _ = try directory.openingOrCreating("link") } == "symbolic-link")
    }

    @Test func pathsAreCutAtTheLastComponent() {
        let table = [
            ("a", ".", "a"), ("a/b", "a", "b"), ("/a", "/", "a"), ("a/b/", "a", "b"),
            ("/a//b", "/a", "b"), ("/", "/", ""),
        ]
        for (path, directory, name) in table {
            #expect(splitPath(path) == (directory, name), "\(path)")
        }
    }

    @Test func readsAtAnOffsetAndToTheEnd() throws {
        try folder.write("a", "0123456789")
        let file = try FileDescriptor.reading(folder("a"))
        var room = [UInt8](repeating: 0, count: 6)
        let middle = try unsafe room.withUnsafeMutableBytes {
            try unsafe file.readFully(into: $0, at: 3)
        }
        #expect(middle == 6 && room == bytes("345678"))
        let tail = try unsafe room.withUnsafeMutableBytes {
            try unsafe file.readFully(into: $0, at: 8)
        }
        #expect(tail == 2 && room[..<2] == bytes("89")[...])
        #expect(try file.readAll(limitBytes: 10) == bytes("0123456789"))
    }

    @Test func oneFileUnderTwoPathsIsRecognised() throws {
        try folder.write("a")
        try folder.write("b")
        folder.link("link", to: folder("a"))
        let identity = try FileStatus.of(folder("a"))?.identity
        #expect(try FileStatus.of(folder("link"))?.identity == identity)
        #expect(try FileStatus.of(folder("b"))?.identity != identity)
        #expect(try FileStatus.of(folder("missing")) == nil)
    }

    @Test func faultsSayWhatWhereAndWhyAndHaveAStableCode() {
        let fault = FileFault(.open, errno: ENOENT, path: "logs/a.log")
        #expect(
            fault.description == "cannot open logs/a.log: there is no such file or directory")
        #expect(fault.code == "ENOENT" && fault.errorNumber == ENOENT)
        #expect(errnoName(9999) == "errno-9999")
        #expect(FileFault(.lock, .busyLock, path: "x").code == "busy-lock")
    }
}
