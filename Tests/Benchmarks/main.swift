import Glibc
import Workloads

/// `sluice-benchmarks` measures Sluice on invented logs beside the limits of the machine and the
/// tools that it finds here, and prints tables. It compares no results: the tests do that.

func prepare(_ pipeline: String, in folder: String) throws -> String {
    let source = "Tests/Benchmarks/pipelines/\(pipeline)"
    _ = try ChildProcess.run(["cp", source, "\(folder)/\(pipeline)"])
    return "\(folder)/\(pipeline)"
}

func contenders(
    for job: Job, on workload: WorkloadFile, _ arguments: Arguments
) throws -> [Contender] {
    let pipeline = try prepare(job.pipeline, in: arguments.folder)
    var all = arguments.cores.map { cores in
        Contender(
            name: "sluice",
            words: [
                arguments.sluice, "run", pipeline, "--quiet", "--now", "2026-04-15", "--workers",
                "\(cores)",
            ], input: workload.path, processors: cores)
    }
    if workload.shape == .ordinary {
        all += MachineLimits.contenders(for: workload)
        all += job.others.filter(\.isThere).map {
            Contender(name: $0.name, words: $0.words, input: workload.path, processors: 1)
        }
    }
    return all
}

func run(_ arguments: Arguments) throws {
    _ = try ChildProcess.run(["mkdir", "-p", arguments.folder])
    let version = try ChildProcess.run([arguments.sluice, "--version"], keepsOutput: true)
    print(version.output, terminator: "")
    MachineLimits.printHashing()
    for shape in arguments.shapes {
        for job in Job.all where arguments.jobs.contains(job.name) {
            // The other forms have no room for the fields that make a shape.
            if shape != .ordinary, shape != .unique, job.form != .jsonLines { continue }
            for size in arguments.sizes {
                let workload = try WorkloadFile(
                    job.form, shape, sizeBytes: size, in: arguments.folder)
                let results = try measure(
                    contenders(for: job, on: workload, arguments), runs: arguments.runs)
                ResultTable.print(
                    "\(job.name), \(shape.rawValue), \(size / 1_000_000) MB, "
                        + "\(workload.records) records",
                    results, plainBytes: workload.plainBytes)
            }
        }
    }
}

do {
    try run(Arguments(CommandLine.arguments))
} catch {
    print("sluice-benchmarks: \(error)")
    exit(2)
}
