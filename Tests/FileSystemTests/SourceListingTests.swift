import Dispatch
import FileSystem
import Glibc
import Synchronization
import TestSupport
import Testing

@Suite struct SourceListingTests {
    let folder = TemporaryFolder()

    init() throws {
        for name in [
            "a.log", "b.log", "B.log", "c.txt", ".hidden.log", "x[1].log", "day1/a.log",
            "day1/b.log.gz", "day2/deep/er/c.log", ".git/d.log", "é.log",
        ] { try folder.write(name, name) }
        folder.subfolder("empty")
        folder.link("linked", to: folder("day1"))
        folder.link("day2/again.log", to: folder("day1/a.log"))
        folder.link("dangling.log", to: folder("nowhere"))
    }

    private func expand(_ patterns: String...) throws -> [String] {
        try SourceListing.expand(patterns: patterns.map { folder($0) })
            .map { String($0.dropFirst(folder.path.count + 1)) }
    }

    @Test func patternsFindFilesInByteOrder() throws {
        let table: [(String, [String])] = [
            ("a.log", ["a.log"]),
            ("*.log", ["B.log", "a.log", "b.log", "x[1].log", "é.log"]),
            ("?.log", ["B.log", "a.log", "b.log", "é.log"]),
            ("[a-b].log", ["a.log", "b.log"]),
            ("[!a-z].log", ["B.log", "é.log"]),
            ("x[1].log", ["x[1].log"]),
            ("x\\[*", ["x[1].log"]),
            (".h*", [".hidden.log"]),
            ("day?/*", ["day1/a.log", "day1/b.log.gz"]),
            ("day1/", ["day1/a.log", "day1/b.log.gz"]),
            ("day1", ["day1/a.log", "day1/b.log.gz"]),
            ("linked", ["linked/a.log", "linked/b.log.gz"]),
            ("**/c.log", ["day2/deep/er/c.log"]),
            ("**/**/er/*", ["day2/deep/er/c.log"]),
            ("day*/**", ["day1/a.log", "day1/b.log.gz", "day2/deep/er/c.log"]),
            (
                "**/*.log",
                [
                    "B.log", "a.log", "b.log", "day1/a.log", "day2/deep/er/c.log", "x[1].log",
                    "é.log",
                ]
            ),
        ]
        for (pattern, expected) in table {
            #expect(try expand(pattern) == expected, "\(pattern)")
        }
    }

    @Test func eachFileComesOnce() throws {
        #expect(try expand("b.log", "a.log", "*.log", "a.log").count == 5)
        // The link sorts behind the file it leads to.
        #expect(try expand("day1/a.log", "day2/again.log") == ["day1/a.log"])
    }

    @Test func aWholeDirectoryWithoutHiddenFiles() throws {
        #expect(
            try SourceListing.expand(patterns: [folder.path]).count == 9)
    }

    @Test func whatFindsNothingIsNamed() {
        for (pattern, expected) in [
            ("missing.log", "ENOENT"), ("*.csv", "no-match"), ("empty", "no-match"),
            ("no/**/x", "no-match"), ("emp*", "no-match"), ("dangling.log", "ENOENT"),
        ] {
            do {
                _ = try SourceListing.expand(patterns: [folder("a.log"), folder(pattern)])
                Issue.record("\(pattern) found something")
            } catch {
                #expect(error.code == expected, "\(pattern)")
                #expect(error.path == folder(pattern))
            }
        }
        #expect(code { _ = try SourceListing.expand(patterns: [""]) } == "unusable-name")
    }

    @Test func tooManyFilesAreRefused() {
        let found = code {
            _ = try SourceListing.expand(patterns: [folder("*.log")], filesMax: 4)
        }
        #expect(found == "too-many-files")
    }

    @Test func whereNoneIsAllowedAFolderThatCannotBeListedIsStillAFault() throws {
        func some(_ patterns: String...) throws -> [String] {
            try SourceListing.expand(patterns: patterns.map { folder($0) }, allowingNone: true)
        }
        #expect(try some("*.csv", "missing.log", "no/**/x", "a.log") == [folder("a.log")])
        folder.link("loop", to: folder("loop"))
        for pattern in ["loop", "loop/*.log", "loop/**"] {
            #expect(code { _ = try some("a.log", pattern) } == "ELOOP", "\(pattern)")
        }
    }

    @Test func whatStrangersPutThereIsLeftOut() throws {
        folder.link("loop.log", to: folder("loop.log"))
        folder.link("day1/loop", to: folder("day1/loop"))
        let odd = Array("\(folder.path)/".utf8) + [0xff] + Array(".log".utf8)
        let path = odd.map { CChar(bitPattern: $0) } + [0]
        #expect(unsafe mkdir(path, 0o700) == 0)
        defer { _ = unsafe rmdir(path) }
        for pattern in ["*.log", "*/*"] {
            func find(amongStrangers: Bool) throws -> Int {
                try SourceListing.expand(
                    patterns: [folder(pattern)], amongStrangers: amongStrangers).count
            }
            #expect(code { _ = try find(amongStrangers: false) } != "none", "\(pattern)")
            #expect(try find(amongStrangers: true) == (pattern == "*.log" ? 5 : 2), "\(pattern)")
        }
        // A folder that a pattern names is nobody else's.
        #expect(
            code {
                _ = try SourceListing.expand(
                    patterns: [folder("day*/loop/*")], amongStrangers: true)
            } == "ELOOP")
    }

    /// Folders that come and go between their names being read and their being opened.
    @Test func theSearchGoesOnBesideAFolderThatGoesAway() throws {
        let path = folder.path
        let ends = Atomic(false)
        let missed = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 2) { part in
            if part == 0 {
                for _ in 0..<2000 {
                    let found = try? SourceListing.expand(
                        patterns: ["\(path)/day*/*.log"], allowingNone: true)
                    if found != ["\(path)/day1/a.log"] { missed.add(1, ordering: .relaxed) }
                }
                return ends.store(true, ordering: .relaxed)
            }
            while !ends.load(ordering: .relaxed) {
                for number in 0..<8 { _ = unsafe mkdir("\(path)/day\(number)x", 0o700) }
                for number in 0..<8 { _ = unsafe rmdir("\(path)/day\(number)x") }
            }
        }
        #expect(missed.load(ordering: .relaxed) == 0)
    }

    /// Where several write, somebody may close a folder of his own.
    @Test(.enabled(if: try Want.superuser.isMet(geteuid() == 0)))
    func aClosedFolderOfSomebodyElseIsLeftOutAmongStrangers() async {
        await #expect(processExitsWith: .exitCode(0)) {
            let folder = TemporaryFolder()
            guard unsafe chmod(folder.path, 0o777) == 0 else { exit(1) }
            for name in ["theirs", "ours"] {
                guard unsafe mkdir(folder(name), 0o700) == 0 else { exit(1) }
                try folder.write("\(name)/a.log")
            }
            let isOurs = unsafe chown(folder("ours"), 65534, 65534) == 0
            guard isOurs, seteuid(65534) == 0 else { exit(1) }
            func find(_ pattern: String, _ amongStrangers: Bool) throws -> [String] {
                try SourceListing.expand(
                    patterns: [folder(pattern)], allowingNone: true,
                    amongStrangers: amongStrangers)
            }
            guard try find("*/*.log", true) == [folder("ours/a.log")] else { exit(2) }
            guard code({ _ = try find("*/*.log", false) }) == "EACCES" else { exit(3) }
            guard unsafe chmod(folder("ours"), 0) == 0 else { exit(1) }
            guard code({ _ = try find("*/*.log", true) }) == "EACCES" else { exit(4) }
            _ = seteuid(0)
            TemporaryFolder.removeTree(folder.path)
            exit(0)
        }
    }

    @Test func theFoldersThatAreSearched() throws {
        let table: [(String, [String])] = [
            ("*.log", [""]), ("a.log", [""]), ("missing/x.log", ["missing"]),
            ("day?/*.log", ["day1", "day2"]), ("day*/b.log", ["day1", "day2"]),
            ("day2", ["day2", "day2/deep", "day2/deep/er"]), ("nothing*/x", []),
            ("**/c.log", ["", "day1", "day2", "day2/deep", "day2/deep/er", "empty"]),
        ]
        for (pattern, expected) in table {
            let found = try SourceListing.folders(searchedFor: folder(pattern))
            #expect(
                found.map { String($0.dropFirst(folder.path.count + 1)) }.sorted() == expected,
                "\(pattern)")
        }
        folder.link("loop", to: folder("loop"))
        #expect(
            code { _ = try SourceListing.folders(searchedFor: folder("loop/*.log")) } == "ELOOP")
    }

    @Test func pipesAndDevicesAreTakenAsTheyAre() throws {
        folder.pipe("pipe")
        #expect(try expand("pipe") == ["pipe"])
        #expect(try SourceListing.expand(patterns: ["/dev/null"]) == ["/dev/null"])
    }

    @Test func relativePathsStayRelative() async {
        let path = folder.path
        await #expect(processExitsWith: .exitCode(0)) { [path = path as String] in
            unsafe chdir(path)
            let found = try SourceListing.expand(patterns: ["day1/*.log", "./a.log", "[b].log"])
            exit(found == ["./a.log", "b.log", "day1/a.log"] ? 0 : 1)
        }
    }
}

@Suite struct GlobPatternTests {
    @Test func table() {
        let table: [(String, String, Bool)] = [
            ("", "", true), ("", "a", false), ("*", "", true), ("*", "abc", true),
            ("a*c", "abc", true), ("a*c", "ac", true), ("a*c", "acb", false),
            ("*a*b*", "xxaxxbxx", true), ("*a*b*", "xxbxxaxx", false), ("**", "x", true),
            ("?", "é", true), ("?", "e\u{301}", false), ("??", "e\u{301}", true),
            ("é", "e\u{301}", false), ("[é]", "é", true), ("[à-é]", "è", true),
            ("[]]", "]", true), ("[!]]", "]", false), ("[a-]", "-", true), ("[^a]", "b", true),
            ("[", "[", true), ("[a", "[a", true), ("[z-a]", "m", false), ("\\*", "*", true),
            ("\\*", "x", false), ("a\\", "a\\", true), ("*.log", ".log", false),
            (".*", ".log", true), ("?log", ".log", false), ("[.]log", ".log", false),
            ("[\\]]", "]", true),
        ]
        for (pattern, name, expected) in table {
            #expect(GlobPattern(pattern).matches(name) == expected, "\(pattern) \(name)")
        }
    }

    @Test func aHostilePatternIsNotSlow() {
        let pattern = GlobPattern(String(repeating: "*a", count: 120) + "b")
        let name = String(repeating: "a", count: 255)
        let seconds = processorSeconds { #expect(!pattern.matches(name)) }
        #expect(seconds < 1)
    }

    /// The plain definition of the meaning, exponential and obvious.
    private func slowMatch(_ pattern: Substring, _ name: Substring) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        let rest = pattern.dropFirst()
        switch first {
        case "*":
            return slowMatch(rest, name) || (!name.isEmpty && slowMatch(pattern, name.dropFirst()))
        case "?": return !name.isEmpty && slowMatch(rest, name.dropFirst())
        default: return name.first == first && slowMatch(rest, name.dropFirst())
        }
    }

    @Test func agreesWithThePlainDefinition() {
        let seed: UInt64 = 71
        var random = SeededGenerator(seed: seed)
        for _ in 0..<5000 {
            let pattern = String((0..<Int.random(in: 0...6, using: &random)).map { _ in
                "ab*?".randomElement(using: &random) ?? "a"
            })
            let name = String((0..<Int.random(in: 0...7, using: &random)).map { _ in
                "ab".randomElement(using: &random) ?? "a"
            })
            #expect(
                GlobPattern(pattern).matches(name) == slowMatch(pattern[...], name[...]),
                "seed \(seed): \(pattern) \(name)")
        }
    }
}
