/// A command that does a job, and how it is started.
struct Contender {
    let name: String
    /// The words of the command, after what pins it to processors.
    let words: [String]
    /// Where its standard input comes from.
    let input: String
    /// How many processors it may use.
    let processors: Int
    /// True for what others made: when it fails it is told and left out.
    var mayFail = false
}

/// The medians of several runs.
struct Result {
    let contender: Contender
    let wall: Double
    let processor: Double
    let memory: Int
}

/// Runs contenders in turn, A B C, A B C, so that a slow moment of the machine hits all alike.
/// What others made and fails is told, and has no result.
func measure(_ contenders: [Contender], runs: Int) throws -> [Result] {
    var costs = [[Cost]](repeating: [], count: contenders.count)
    var failed: Set<Int> = []
    for _ in 0..<runs {
        for (index, contender) in contenders.enumerated() where !failed.contains(index) {
            do { costs[index].append(try contender.run()) } catch {
                guard contender.mayFail else { throw error }
                tell("left out: \(contender.name), which failed")
                failed.insert(index)
            }
        }
    }
    return zip(contenders, costs).enumerated().compactMap { index, measured in
        let (contender, costs) = measured
        if failed.contains(index) { return nil }
        return Result(
            contender: contender, wall: median(costs.map(\.wall)),
            processor: median(costs.map(\.processor)), memory: costs.map(\.memory).max() ?? 0)
    }
}

extension Contender {
    /// Runs it once, on as many processors as it may use.
    fileprivate func run() throws -> Cost {
        let numbers = (0..<processors).map { "\($0)" }.joined(separator: ",")
        return try ChildProcess.run(["taskset", "-c", numbers] + words, input: input)
    }
}

/// The middle one of `values`; 0 of none.
func median(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.sorted()[values.count / 2]
}
