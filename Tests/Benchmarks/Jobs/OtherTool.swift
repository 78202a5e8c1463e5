import Workloads

/// Another tool's way to do a job, as far as it can: none of them validates what it reads.
struct OtherTool {
    let name: String
    /// The command that must be there.
    let command: String
    /// A Python module that must be there, too.
    var module: String?
    /// What the command is told; standard input is the workload.
    let arguments: [String]

    /// The words that start it; a Python with a module is the one that has it.
    var words: [String] { [module == nil ? command : Toolbox.python] + arguments }

    /// True when the machine has it.
    var isThere: Bool {
        let module = module.map { "&& \(Toolbox.python) -c 'import \($0)' 2>/dev/null" } ?? ""
        return (try? ChildProcess.run(["sh", "-c", "command -v \(command) \(module)"])) != nil
    }
}

extension OtherTool {
    /// Cuts the last octet, or everything behind the third group of an IPv6 address.
    static func truncateByAWK(_ command: String) -> OtherTool {
        let program = #"""
            { p = index($0, " "); a = substr($0, 1, p - 1); r = substr($0, p)
              if (index(a, ":")) { n = split(a, g, ":"); a = g[1] ":" g[2] ":" g[3] "::" }
              else { sub(/[0-9]+$/, "0", a) }
              print a r }
            """#
        return OtherTool(name: command, command: command, arguments: [program])
    }

    static let truncateBySed = OtherTool(
        name: "sed", command: "sed",
        arguments: [
            "-E", "-e", #"s/^([0-9]+\.[0-9]+\.[0-9]+)\.[0-9]+ /\1.0 /"#, "-e",
            #"s/^([0-9a-f]+:[0-9a-f]+:[0-9a-f]+):[0-9a-f:]+ /\1:: /"#,
        ])

    static let anonymizeByMiller = OtherTool(
        name: "Miller", command: "mlr",
        arguments: [
            "--ijsonl", "--ojsonl", "put",
            #"$user = sha256($user); $ip = sub($ip, "[0-9]+$", "0"); "#
                + #"$path = gsub($path, "[A-Za-z0-9._+-]+(@|%40)[A-Za-z0-9.-]+", "[email]")"#,
        ])

    /// DuckDB as a command and as a module of Python: whichever is there.
    private static func duckDB(_ query: String) -> [OtherTool] {
        let python = "import duckdb, sys; print(duckdb.execute(sys.argv[1]).fetchall())"
        return [
            OtherTool(name: "DuckDB", command: "duckdb", arguments: ["-c", query]),
            OtherTool(
                name: "DuckDB (Python)", command: "python3", module: "duckdb",
                arguments: ["-c", python, query]),
        ]
    }

    static let anonymizeByDuckDB = duckDB(
        #"COPY (SELECT ts, customer, partner, sha256("user") AS "user", "#
            + #"regexp_replace(ip, '[0-9]+$', '0') AS ip, action, lang, client, "#
            + #"regexp_replace(path, '[A-Za-z0-9._+-]+(@|%40)[A-Za-z0-9.-]+', "#
            + #"'[email]', 'g') AS path "#
            + #"FROM read_ndjson('/dev/stdin')) TO '/dev/stdout' (FORMAT json)"#)

    /// Log-ins and users per month and partner; DuckDB and Polars count them exactly.
    static func aggregateByDuckDB(_ form: Form) -> [OtherTool] {
        let reader = form == .csv ? "read_csv" : "read_ndjson"
        return duckDB(
            "SELECT substr(ts::VARCHAR, 1, 7) AS month, partner, count(DISTINCT \"user\"), "
                + "count(*) FILTER (action = 'login') FROM \(reader)('/dev/stdin') GROUP BY ALL")
    }

    static func aggregateByPolars(_ form: Form) -> OtherTool {
        let reader = form == .csv ? "read_csv(sys.stdin.buffer)" : "read_ndjson(sys.stdin.buffer)"
        return OtherTool(
            name: "Polars", command: "python3", module: "polars",
            arguments: [
                "-c",
                "import polars as p, sys; print(p.\(reader).group_by(p.col('ts').str.slice(0, 7), "
                    + "'partner').agg(p.col('user').n_unique(), "
                    + "(p.col('action') == 'login').sum().alias('logins')))",
            ])
    }

    static func aggregateByMiller(_ form: Form) -> OtherTool {
        OtherTool(
            name: "Miller", command: "mlr",
            arguments: [
                form == .csv ? "--icsv" : "--ijsonl", "--ocsv", "put",
                "$month = substr($ts, 0, 6)", "then", "count-distinct", "-f", "month,partner,user",
                "then", "count", "-g", "month,partner",
            ])
    }

    static func countByAWK(_ command: String) -> OtherTool {
        OtherTool(
            name: command, command: command,
            arguments: [
                #"{ d = substr($4, 2, 11); hits[d]++; bytes[d] += $10; if (!((d, $3) in seen)) { "#
                    + #"seen[d, $3]; users[d]++ } } END { for (d in hits) print d, hits[d], "#
                    + #"bytes[d], users[d] }"#,
            ])
    }

    static let bothByMiller = OtherTool(
        name: "Miller", command: "mlr",
        arguments: [
            "--gzin", "--ijsonl", "--ojsonl", "tee", "/dev/null", "then", "put",
            "$user = sha256($user)", "then", "count-distinct", "-f", "partner,user",
        ])

    /// Both outputs of one reading would need more than one query: only the tables are made.
    static let tablesOfGzipByDuckDB = duckDB(
        "SELECT substr(ts::VARCHAR, 1, 7) AS month, partner, count(DISTINCT \"user\"), "
            + "count(*) FILTER (action = 'login') "
            + "FROM read_ndjson('/dev/stdin', compression = 'gzip') GROUP BY ALL")
}
