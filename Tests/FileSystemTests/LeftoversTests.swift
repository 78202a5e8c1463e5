import CSystem
import FileSystem
import Glibc
import TestSupport
import Testing

@Suite struct LeftoversTests {
    let folder = TemporaryFolder()

    @Test func onlyTheFormIsRecognised() {
        let run = "0123456789abcdef"
        let table: [(String, Bool)] = [
            (".a.csv.sluice-\(run)-0.tmp", true), (".a.sluice-\(run)-123.tmp", true),
            ("..sluice-\(run)-1.tmp", true), ("a.sluice-\(run)-1.tmp", false),
            (".a.sluice-\(run)-.tmp", false), (".a.sluice-\(run)-1x.tmp", false),
            (".a.sluice-\(run)-1-1.tmp", false), (".a.sluice-0123456789ABCDEF-1.tmp", false),
            (".a.sluice-12-1.tmp", false), (".a.sluice-\(run)-1.tmp.bak", false),
            (".sluice-\(run)-1.tmp", false), (".tmp", false), ("", false),
        ]
        for (name, expected) in table {
            #expect((TemporaryName.run(of: name.utf8) != nil) == expected, "\(name)")
        }
    }

    @Test func leftoversOfDeadRunsGoAndEverythingElseStays() throws {
        let dead = ".a.sluice-0123456789abcdef-0.tmp"
        let kept = ".b.sluice-0123456789abcdef-1.tmp"
        for name in [dead, kept, "a", ".hidden", "b.tmp"] { try folder.write(name) }
        folder.link(".c.sluice-0123456789abcdef-2.tmp", to: folder("a"))
        let directory = try folder.directory()
        let own = try DurableFile.begin(in: directory, named: "own").prepare()
        #expect(try DurableFile.removeLeftovers(in: directory, except: [kept]) == 1)
        #expect(
            try Set(folder.names()) == [
                kept, own.temporaryName, "a", ".hidden", "b.tmp",
                ".c.sluice-0123456789abcdef-2.tmp",
            ])
        #expect(try DurableFile.removeLeftovers(in: directory) == 1)
        #expect(try DurableFile.removeLeftovers(in: directory) == 0)
    }

    @Test func aFileThatIsStillBeingWrittenStays() throws {
        let name = ".a.sluice-0123456789abcdef-0.tmp"
        try folder.write(name)
        let directory = try folder.directory()
        do {
            let writer = try FileLock.acquire(name, in: directory, .shared)
            #expect(try DurableFile.removeLeftovers(in: directory) == 0)
            _ = consume writer
        }
        // A child that another test starts just now holds the lock until it runs its programme.
        var removed = 0
        for _ in 0..<600 where removed == 0 {
            removed = try DurableFile.removeLeftovers(in: directory)
            if removed == 0 { usleep(50_000) }
        }
        #expect(removed == 1)
    }

    @Test(.enabled(if: try Want.superuser.isMet(geteuid() == 0)))
    func leftoversOfAnotherUserStay() throws {
        let name = ".a.sluice-0123456789abcdef-0.tmp"
        try folder.write(name)
        folder.giveAway(name)
        #expect(try DurableFile.removeLeftovers(in: folder.directory()) == 0)
        #expect(try DurableFile.removeLeftovers(in: folder.directory(), ownedBy: 12345) == 1)
    }

    @Test func killedAtAnyMomentTheNextRunCleansUp() async {
        // The child dies without unwinding; the folder is given by a name both can compute.
        let parent = TemporaryFolder()
        let path = parent.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let file = try DurableFile.begin(in: Directory.open(path), named: "a")
            try file.write(bytes("half a record").span)
            kill(getpid(), SIGKILL)
        }
        #expect((try? parent.names().count) == 1)
        #expect((try? DurableFile.removeLeftovers(in: parent.directory())) == 1)
        #expect((try? parent.names()) == [])
    }
}
