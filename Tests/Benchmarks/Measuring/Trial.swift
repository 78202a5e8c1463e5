/// A command that does a job, and how it is started.
struct Contender {
    let name: String
    /// The words of the command, after what pins it to processors.
    let words: [String]
    /// Where its standard input comes from.
    let input: String
    /// How many processors it may use.
    let processors: Int
}

/// The medians of several runs.
struct Result {
    let contender: Contender
    let wall: Double
    let processor: Double
    let memory: Int
}

/// Runs contenders in turn, A B C, A B C, so that a slow moment of the machine hits all alike.
func measure(_ contenders: [Contender], runs: Int) throws -> [Result] {
    var costs = [[Cost]](repeating: [], count: contenders.count)
    for _ in 0..<runs {
        for (index, contender) in contenders.enumerated() {
            let processors = (0..<contender.processors).map { "\($0)" }.joined(separator: ",")
            costs[index].append(
                try ChildProcess.run(
                    ["taskset", "-c", processors] + contender.words, input: contender.input))
        }
    }
    return zip(contenders, costs).map { contender, costs in
        Result(
            contender: contender, wall: median(costs.map(\.wall)),
            processor: median(costs.map(\.processor)), memory: costs.map(\.memory).max() ?? 0)
    }
}

/// The middle one of `values`; 0 of none.
func median(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.sorted()[values.count / 2]
}
