import Workloads

/// What the benchmark is asked for.
struct Arguments {
    static let usage = """
        usage: sluice-benchmarks [--jobs truncate,anonymize,…] [--shapes ordinary,wide,…]
                                 [--sizes 10,64,256] [--cores 1,2] [--runs 5]
                                 [--sluice PATH] [--folder PATH]

        Sizes are megabytes. Without --sluice the release build of this package is measured.
        The folder (new, below the working directory) holds the workloads; delete it afterwards.
        """

    var jobs = Job.all.map(\.name)
    var shapes = [Shape.ordinary]
    /// In bytes.
    var sizes = [10, 64, 256].map { $0 * 1_000_000 }
    var cores = [1, 2]
    var runs = 5
    var sluice = ".build/release/sluice"
    var folder = ".build/benchmarks"

    init(_ words: [String]) throws {
        var rest = words.dropFirst()
        while let flag = rest.popFirst() {
            guard let value = rest.popFirst() else { throw BenchmarkFault(Self.usage) }
            let parts = value.split(separator: ",").map(String.init)
            switch flag {
            case "--jobs": jobs = parts
            case "--shapes": shapes = parts.compactMap(Shape.init)
            case "--sizes": sizes = parts.compactMap { Int($0).map { $0 * 1_000_000 } }
            case "--cores": cores = parts.compactMap { Int($0) }
            case "--runs": runs = max(1, Int(value) ?? 5)
            case "--sluice": sluice = value
            case "--folder": folder = value
            default: throw BenchmarkFault(Self.usage)
            }
        }
    }
}
