import Workloads

/// What the benchmark is asked for.
struct Arguments {
    static let usage = """
        usage: sluice-benchmarks [jobs] [--jobs truncate,anonymize,…] [--shapes ordinary,wide,…]
                                 [--install miller,duckdb,…]
               sluice-benchmarks scale [--scales size,persons,…] [--steps 1000,100000,…]

        Both take [--sizes 10,64,256] [--cores 1,2] [--runs 5] [--sluice PATH] [--folder PATH].

        jobs    measures jobs beside the limits of the machine and other tools
          jobs    \(Job.all.map(\.name).joined(separator: ", "))
          shapes  \(Variant.all.map(\.name).joined(separator: ", ")); or all
          install \(Toolbox.names.joined(separator: ", ")); needs root or sudo for some
        scale   measures how the cost grows with one thing
          scales  \(Scale.all.map(\.name).joined(separator: ", "))

        Sizes are megabytes; scales other than of the size take one (1000) and one core. Without
        --sluice the release build of this package is measured. The folder is made, and holds up to
        twice the largest size; files in it are removed when they were measured.
        """

    /// What is measured.
    enum Mode { case jobs, scales }

    var mode = Mode.jobs
    var jobs = Job.all.map(\.name)
    var variants = Variant.all.filter { $0.name == Shape.ordinary.rawValue }
    var scales = Scale.all.map(\.name)
    /// Replaces the steps of the scales.
    var steps: [Int]?
    /// In bytes; nil where nothing was said.
    var sizes: [Int]?
    var cores: [Int]?
    var runs: Int?
    var sluice = ".build/release/sluice"
    var folder = ".build/benchmarks"
    var install: [String] = []

    init(_ words: [String]) throws {
        var rest = words.dropFirst()
        if let word = rest.first, !word.hasPrefix("-") {
            guard word == "jobs" || word == "scale" else { throw BenchmarkFault(Self.usage) }
            mode = word == "jobs" ? .jobs : .scales
            rest.removeFirst()
        }
        while let flag = rest.popFirst() {
            guard let value = rest.popFirst() else { throw BenchmarkFault(Self.usage) }
            try take(flag, value)
        }
    }

    private mutating func take(_ flag: String, _ value: String) throws {
        let parts = value.split(separator: ",").map(String.init)
        switch (flag, mode) {
        case ("--jobs", .jobs): jobs = try Self.known(parts, Job.all.map(\.name))
        case ("--shapes", .jobs):
            let names = Variant.all.map(\.name)
            let wanted = try Self.known(value == "all" ? names : parts, names)
            variants = Variant.all.filter { wanted.contains($0.name) }
        case ("--install", .jobs): install = try Self.known(parts, Toolbox.names)
        case ("--scales", .scales): scales = try Self.known(parts, Scale.all.map(\.name))
        case ("--steps", .scales): steps = try Self.numbers(parts)
        case ("--sizes", _): sizes = try Self.numbers(parts).map { $0 * 1_000_000 }
        case ("--cores", _): cores = try Self.numbers(parts)
        case ("--runs", _): runs = try Self.numbers([value]).first
        case ("--sluice", _): sluice = value
        case ("--folder", _): folder = value
        default: throw BenchmarkFault(Self.usage)
        }
    }

    private static func known(_ words: [String], _ names: [String]) throws -> [String] {
        for word in words where !names.contains(word) {
            throw BenchmarkFault("\(word): expected one of \(names.joined(separator: ", "))")
        }
        return words
    }

    private static func numbers(_ words: [String]) throws -> [Int] {
        try words.map {
            guard let number = Int($0), number > 0 else {
                throw BenchmarkFault("\($0): expected a number above zero")
            }
            return number
        }
    }
}
