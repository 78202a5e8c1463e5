import Workloads

/// What no program on this machine can beat: reading, counting lines, inflating, hashing.
enum MachineLimits {
    static func contenders(for workload: WorkloadFile) -> [Contender] {
        let isGzip = workload.form == .gzip
        let commands = isGzip ? [["cat"], ["gzip", "-dc"]] : [["cat"], ["wc", "-l"]]
        return commands.map {
            Contender(
                name: "limit: " + $0.joined(separator: " "), words: $0, input: workload.path,
                processors: 1)
        }
    }

    /// What one processor would take to hash the whole workload in messages of 64 bytes, as
    /// `openssl speed` says it; nil where that is not here. It says its speed in last place, in
    /// thousands of bytes a second: `sha256  216233.52k`.
    static func hashing(_ workload: WorkloadFile) -> Result? {
        let command = "openssl speed -seconds 1 -bytes 64 -evp sha256 2>/dev/null"
        guard let cost = try? ChildProcess.run(["sh", "-c", command], keepsOutput: true),
            let word = cost.output.split(whereSeparator: \.isWhitespace).last, word.hasSuffix("k"),
            let speed = Double(word.dropLast()), speed > 0
        else { return nil }
        let seconds = Double(workload.plainBytes) / (speed * 1000)
        let name = "limit: openssl speed, SHA-256 of 64 bytes"
        return Result(
            contender: Contender(name: name, words: [], input: "", processors: 1),
            wall: seconds, processor: seconds, memory: cost.memory)
    }
}
