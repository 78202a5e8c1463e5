import Foundation
import TestSupport
import Testing

/// One kind of input that is too large.
struct SizeAttack: Sendable, CustomTestStringConvertible {
    let name: String
    /// About how many bytes the whole attack has, as the tool sees them.
    let size: Int
    var command = SizeAttack.run
    /// True when a longer one would be another attack.
    var isFixed = false
    /// What the attack may end with.
    let statuses: Set<Int32>
    /// What is to be said of it.
    var words: [String] = []
    /// The most memory that it may take.
    var memoryMebibytes = 220
    /// By how much memory may differ between an attack of a fourth and one of the whole size: an
    /// index of a record that is within the limit takes some times its length.
    var growthKibibytes = 12 << 10
    /// Writes what the command reads from files, and gives what it reads from standard input.
    let prepare: @Sendable (Scene, Int) throws -> Feed

    var testDescription: String { name }

    /// Stands in every attack and must never be told.
    static let canary = "kanarie-5512"

    private static let run = ["run", "p.yaml", "-", "--now", "2026-04-15"]
    private static let good =
        #"{"ts":"2026-03-01T10:00:00Z","user":"u@firma.example","path":"/a"}"# + "\n"

    /// A pipeline for long records: up to 64 MiB in the long mode, else 16.
    private static func pipeline(_ format: String = "jsonl", _ more: String = "") -> String {
        Pipeline.stateless(format, time: format == "combined" ? "time" : "ts")
            .replacingOccurrences(
                of: "files: ",
                with: "limits: { record: \(SizeLimitTests.isLong ? 64 : 16)MiB }, files: ")
            .replacingOccurrences(of: "limit: 50%", with: "limit: 60%") + more
    }

    private static func write(_ pipeline: String, to scene: Scene) throws {
        try scene.write("p.yaml", pipeline)
        try scene.write("static.key", "an invented key of the tests, long enough")
    }

    /// A stream through that pipeline, of pieces that are repeated.
    private static func stream(
        _ name: String, size: Int, format: String = "jsonl", statuses: Set<Int32> = [0],
        words: [String] = [], memory: Int = 220, growth: Int = 12,
        _ pieces: @escaping @Sendable (Int) throws -> [Feed.Piece]
    ) -> SizeAttack {
        SizeAttack(
            name: name, size: size, statuses: statuses, words: words, memoryMebibytes: memory,
            growthKibibytes: growth << 10
        ) { scene, size in
            try write(pipeline(format), to: scene)
            return .pieces(try pieces(size))
        }
    }

    private static func piece(_ text: String, _ times: Int = 1) -> Feed.Piece {
        Feed.Piece(bytes: bytes(text), times: times)
    }

    /// 64 KiB of one letter.
    private static let block = String(repeating: "x", count: 1 << 16)

    private static func blocks(_ size: Int) -> Feed.Piece { piece(block, size >> 16) }

    // MARK: Streams

    static let streams = lines + structures + tables + bombs

    /// What goes on without an end of the line.
    private static let lines: [SizeAttack] = [
        stream("no line feed", size: 256 << 20, words: ["too-long"], memory: 420) { size in
            [
                piece(good), piece(#"{"ts":"2026-03-01T10:00:00Z","user":"\#(canary)"#),
                blocks(size), piece("\n" + good),
            ]
        },
        stream(
            "an access log with one huge header", size: 256 << 20, format: "combined",
            words: ["too-long"], memory: 420
        ) { size in
            let line = #"192.0.2.1 - - [01/Mar/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" ""#
            return [
                piece(line + "a\"\n"), piece(line + canary), blocks(size),
                piece("\"\n" + line + "b\"\n"),
            ]
        },
    ]

    /// What is nested deeply, or has many members.
    private static let structures: [SizeAttack] = [
        stream("objects in objects", size: 4 << 20, words: ["too-deep"], growth: 32) { size in
            [
                piece(good), piece(#"{"ts":"2026-03-01T10:00:00Z","user":"\#(canary)","a":"#),
                piece(#"{"a":"#, size / 5), piece("1"), piece("}", size / 5 + 1),
                piece("\n" + good),
            ]
        },
        stream(
            "arrays in arrays", size: 8 << 20, words: ["too-deep"], memory: 420, growth: 64
        ) { size in
            [
                piece(good), piece(#"{"\#(canary)":"#), piece("[", size / 2),
                piece("]", size / 2), piece("}\n" + good),
            ]
        },
        stream(
            "lines of 10,000 levels", size: 4 << 20, statuses: [5], words: ["too-deep"]
        ) { size in
            let brackets =
                String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
            return [piece(#"{"\#(canary)":"# + brackets + "}\n", size / 20_000)]
        },
        stream(
            "a million keys", size: 12 << 20, words: ["too-many-fields"], memory: 420, growth: 48
        ) { size in
            let keys = (0..<(size / 12)).map { #","\#($0)":1"# }.joined()
            let start = #"{"ts":"2026-03-01T10:00:00Z","\#(canary)":1"#
            return [piece(good), piece(start + keys + "}\n"), piece(good)]
        },
        stream(
            "one key a million times", size: 12 << 20, words: ["duplicate-key"], memory: 420,
            growth: 48
        ) { size in
            [
                piece(good), piece(#"{"ts":"2026-03-01T10:00:00Z","\#(canary)":1"#),
                piece(#","kanarie":1"#, size / 12), piece("}\n" + good),
            ]
        },
    ]

    private static let row = "2026-03-01T10:00:00Z,a,192.0.2.1,login,/a\n"
    private static let header = "ts,user,ip,action,path"

    private static let tables: [SizeAttack] = [
        stream(
            "a row of many cells", size: 8 << 20, format: "csv", statuses: [0, 5], memory: 420,
            growth: 64
        ) { size in
            [
                piece("\(header)\n\(row)"), piece("\(canary),", size / 13),
                piece("\n\(row)\(row)"),
            ]
        },
        stream(
            "a header of 100,000 columns", size: 4 << 20, format: "csv", statuses: [3, 4],
            memory: 420, growth: 64
        ) { size in
            let names = (0..<(size / 40)).map { "\(canary)-\($0)" }.joined(separator: ",")
            return [piece("\(header),\(names)\n")]
        },
        stream(
            "a quote that is never closed", size: 256 << 20, format: "csv", statuses: [0, 4, 5],
            memory: 420
        ) { size in
            [piece("\(header)\n\(row)\"\(canary)"), blocks(size)]
        },
    ]

    private static let bombs: [SizeAttack] = [
        stream(
            "a gzip bomb", size: 256 << 20, words: ["too-long"], memory: 420
        ) { size in
            let bomb = try gzip([UInt8](repeating: 0, count: 8 << 20))
            return [
                Feed.Piece(bytes: try gzip(bytes(good + good + canary)), times: 1),
                Feed.Piece(bytes: bomb, times: size >> 23),
            ]
        },
        stream(
            "a gzip bomb of lines", size: 32 << 20, statuses: [5], words: ["not-an-object"]
        ) { size in
            let line = canary + String(repeating: "x", count: 1000) + "\n"
            let bomb = try gzip(bytes(String(repeating: line, count: 1 << 10)))
            return [Feed.Piece(bytes: bomb, times: size >> 20)]
        },
        stream(
            "a gzip bomb in a gzip bomb", size: 64 << 20, statuses: [0, 4, 5], growth: 48
        ) { size in
            let inner = try gzip([UInt8](repeating: 0, count: 4 << 20))
            let outer = try gzip(Array(repeating: inner, count: size >> 13).flatMap(\.self))
            return [Feed.Piece(bytes: outer, times: 1)]
        },
        stream("many empty gzip members", size: 4 << 20) { size in
            [
                Feed.Piece(bytes: try gzip(bytes(good)), times: 1),
                Feed.Piece(bytes: try gzip([]), times: size / 20),
            ]
        },
    ]

    // MARK: Files

    private static func file(
        _ name: String, _ path: String, _ more: String = "", size: Int, isFixed: Bool = false,
        command: [String] = ["run", "p.yaml"], statuses: Set<Int32>, words: [String] = [],
        memory: Int = 220, growth: Int = 12, _ content: @escaping @Sendable (Int) -> String
    ) -> SizeAttack {
        SizeAttack(
            name: name, size: size, command: command + ["--now", "2026-04-15"], isFixed: isFixed,
            statuses: statuses, words: words, memoryMebibytes: memory,
            growthKibibytes: growth << 10
        ) { scene, size in
            try write(pipeline("jsonl", more), to: scene)
            try scene.write("in/a.jsonl", good)
            try scene.write(path, content(size))
            return .bytes([])
        }
    }

    /// Each level names the one below nine times.
    private static func aliases(_ levels: Int) -> String {
        (1...levels).reduce("a0: &a0 [\(canary)]\n") { text, level in
            let items = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            return text + "a\(level): &a\(level) [\(items)]\n"
        }
    }

    static let files = settings + lists + results

    private static let settings: [SizeAttack] = [
        file(
            "an alias bomb as pipeline", "p.yaml", size: 1 << 16, statuses: [3], words: ["alias"]
        ) { aliases($0 / 1024) },
        file(
            "an alias bomb as holds", "holds.yaml", "holds: holds.yaml\nstate: state\n",
            size: 1 << 16, statuses: [3, 9], words: ["alias"]
        ) { "holds:\n" + aliases($0 / 1024) },
        file("a pipeline of brackets", "p.yaml", size: 4 << 20, statuses: [3]) {
            String(repeating: "[", count: $0)
        },
        file("a pipeline that is a log", "p.yaml", size: 4 << 20, statuses: [3]) {
            String(repeating: "a: {\"b\": [1, \(canary)]}\n", count: $0 / 30)
        },
    ]

    /// A row without an end: lists and tables are the operator's, and are read whole.
    private static let lists: [SizeAttack] = [
        file(
            "an opt-out list of one line", "o.csv", "opt_outs: o.csv\n", size: 32 << 20,
            statuses: [9], words: ["line 2: expected a row of at most 1 MiB"], growth: 40
        ) { optOuts + canary + String(repeating: "x", count: $0) + ",*,2026-01-01\n" },
        file(
            "an opt-out list of one cell in quotes", "o.csv", "opt_outs: o.csv\n", size: 32 << 20,
            statuses: [9], words: ["line 2: expected a row of at most 1 MiB"], growth: 40
        ) { optOuts + "\"" + canary + String(repeating: "\n", count: $0) },
        file(
            "an opt-out list of many columns", "o.csv", "opt_outs: o.csv\n", size: 8 << 20,
            statuses: [9], words: ["line 1: expected a row of at most 1 MiB"]
        ) { optOuts.dropLast() + String(repeating: ",\(canary)", count: $0 / 13) + "\n" },
        file(
            "an opt-out list of rows without a date", "o.csv", "opt_outs: o.csv\n", size: 4 << 20,
            statuses: [9], words: ["1,000 faults in p.yaml", "expected `effective_date`"],
            growth: 60
        ) { optOuts + String(repeating: "\(canary),*,\n", count: $0 / 16) },
        file(
            "an opt-out list with one long name", "o.csv", "opt_outs: o.csv\n", size: 900 << 10,
            isFixed: true, statuses: [9], words: ["column 4 is unknown"]
        ) { optOuts.dropLast() + "," + canary + String(repeating: "x", count: $0) + "\n" },
        file(
            "an import of one line", "o.csv", "state: state\n", size: 32 << 20,
            command: ["opt-out", "import", "p.yaml", "o.csv"], statuses: [9],
            words: ["o.csv:2:1: expected a row of at most 1 MiB"], growth: 40
        ) { optOuts + canary + String(repeating: "x", count: $0) + ",*,2026-01-01\n" },
        file(
            "a reference table of one cell", "t.csv",
            "tables: [{ name: t, file: t.csv, key: user }]\ndelete: { start: "
                + "{ table: t, column: ended, by: user }, length: P1D }\n",
            size: 32 << 20, statuses: [9], words: ["line 2: expected a row of at most 1 MiB"],
            growth: 40
        ) { "user,ended\n\"" + canary + String(repeating: "x", count: $0) },
    ]

    private static let optOuts = "customer,purposes,effective_date\n"

    /// A pipeline with a disclosure that was delivered, and what then lies in its place.
    private static func delivered(
        _ name: String, _ path: String, size: Int, _ content: @escaping @Sendable (Int) -> String
    ) -> SizeAttack {
        SizeAttack(
            name: name, size: size, command: ["run", "p.yaml", "--now", "2026-04-16"],
            statuses: [0], memoryMebibytes: 100
        ) { scene, size in
            try scene.write("p.yaml", disclosing)
            try scene.write("o.csv", optOuts)
            try scene.write(
                "in/a.jsonl",
                ["a", "b"].map { user in
                    #"{"ts":"2026-03-01T10:00:00Z","user":"\#(user)","customer":"\#(user)","#
                        + "\"partner\":\"p\"}\n"
                }.joined())
            let run = ["run", "p.yaml", "--now", "2026-04-15", "--quiet"]
            guard try sluice(run, in: scene).status == 0 else { throw ProcessFault.noFile(name) }
            try scene.write("o.csv", optOuts + "a,compliance,2026-01-01\n")
            try scene.write(path, content(size))
            return .bytes([])
        }
    }

    private static let disclosing = """
        name: disclosing
        source: { format: jsonl, files: "in/*", time: ts }
        identity: { customer: customer, user: user, partner: partner }
        window: P1Y
        fields: { ts: keep, customer: drop, user: drop, partner: drop }
        opt_outs: { file: o.csv, max_shrink: 100% }
        disclosures:
          - { name: report, to: partner, purpose: compliance, by: [month, partner, user],
              measures: { times: count }, path: "out/{partner}/{month}.csv" }

        """

    /// What lies in the place of files that Sluice itself has written.
    private static let results: [SizeAttack] = [
        delivered("a delivered file that grew", "out/p/2026-03.csv", size: 64 << 20) {
            String(repeating: "2026-03,p,\(canary),1\n", count: $0 / 25)
        },
        delivered("terms of one line", "out/p/terms.json", size: 32 << 20) {
            String(repeating: "[", count: $0)
        },
        delivered("deep terms", "out/p/terms.json", size: 1 << 20) {
            String(repeating: #"{"a":"#, count: $0 / 6)
        },
    ]
}
