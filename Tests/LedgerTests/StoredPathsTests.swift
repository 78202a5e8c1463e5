import Testing

@testable import Ledger

/// What the ledger writes down of paths, and what it finds them by elsewhere.
struct StoredPathsTests {
    @Test(
        "what lies in the common folder moves with the state, nothing else does",
        arguments: [
            ("/srv/a/out/x.jsonl", "./../out/x.jsonl", "/mnt/b/out/x.jsonl"),
            ("/srv/a/./out//x.jsonl", "./../out/x.jsonl", "/mnt/b/out/x.jsonl"),
            ("/srv/a/state/partials/p", "./partials/p", "/mnt/b/state/partials/p"),
            ("/srv/a", "./..", "/mnt/b"),
            ("/srv/ab/out/x", "/srv/ab/out/x", "/srv/ab/out/x"),
            ("/srv/a/../ab/x", "/srv/a/../ab/x", "/srv/a/../ab/x"),
            ("/data/out/x", "/data/out/x", "/data/out/x"),
            ("-", "-", "-"), ("out/x", "out/x", "out/x"),
        ])
    func moved(path: String, stored: String, elsewhere: String) {
        let here = StoredPaths(state: "/srv/a/state", home: "/srv/a")
        #expect(here.stored(path) == stored)
        #expect(StoredPaths(state: "/mnt/b/state").absolute(stored) == elsewhere)
        #expect(here.forms(path).contains(stored))
    }

    @Test("a state outside of the folder of its pipeline binds every path to its place")
    func apart() {
        let paths = StoredPaths(state: "/var/state", home: "/srv/a")
        #expect(paths.stored("/srv/a/out/x") == "/srv/a/out/x")
        #expect(StoredPaths(state: "/var/state").stored("/var/state/partials/p").hasPrefix("/var"))
        #expect(StoredPaths(state: "state", home: "/srv").stored("/srv/x") == "/srv/x")
    }

    @Test("a path is found in every form that another pipeline of the state may have left")
    func forms() {
        let wide = StoredPaths(state: "/srv/a/state", home: "/srv")
        let narrow = StoredPaths(state: "/srv/a/state", home: "/srv/a")
        let none = StoredPaths(state: "/srv/a/state")
        for path in ["/srv/a/out/x", "/srv/b/x"] {
            for writer in [wide, narrow, none] {
                for reader in [wide, narrow, none] {
                    #expect(reader.forms(path).contains(writer.stored(path)), "\(path)")
                }
            }
        }
    }
}
