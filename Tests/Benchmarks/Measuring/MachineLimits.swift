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

    /// How many bytes of 64-byte messages one processor hashes in a second, as `openssl` says it.
    static func printHashing() {
        let command = "openssl speed -seconds 1 -bytes 64 -evp sha256 2>/dev/null"
        guard let cost = try? ChildProcess.run(["sh", "-c", command], keepsOutput: true),
            let line = cost.output.split(separator: "\n").last
        else { return print("openssl is not here: no limit of hashing") }
        print("hashing of 64 bytes (openssl speed): \(line)")
    }
}
