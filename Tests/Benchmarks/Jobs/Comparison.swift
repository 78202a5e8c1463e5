import Workloads

/// Jobs on workloads of several shapes and sizes, beside the machine's limits and other tools.
struct Comparison {
    let arguments: Arguments

    func run() throws {
        try Toolbox.install(arguments.install)
        Toolbox.printMissing()
        try printStart()
        for variant in arguments.variants {
            for job in Job.all where arguments.jobs.contains(job.name) && variant.suits(job) {
                for size in arguments.sizes ?? [10, 64, 256].map({ $0 * 1_000_000 }) {
                    try run(job, variant, sizeBytes: size)
                }
            }
        }
    }

    private func run(_ job: Job, _ variant: Variant, sizeBytes: Int) throws {
        let workload = try WorkloadFile(
            job.form, variant.shape, sizeBytes: sizeBytes, in: arguments.folder)
        defer { workload.remove() }
        var results = try measure(
            contenders(for: job, on: workload, variant), runs: arguments.runs ?? 5)
        if variant.isOrdinary, let limit = MachineLimits.hashing(workload) {
            results.append(limit)
        }
        ResultTable.print(
            "\(job.name), \(variant.name), \(sizeBytes / 1_000_000) MB, "
                + "\(workload.records) records", results, workload)
    }

    private func contenders(
        for job: Job, on workload: WorkloadFile, _ variant: Variant
    ) throws -> [Contender] {
        let pipeline = try prepare(job.pipeline, variant)
        var all = (arguments.cores ?? [1, 2]).map { cores in
            own(pipeline, on: workload, variant, cores: cores)
        }
        guard variant.isOrdinary else { return all }
        all += MachineLimits.contenders(for: workload)
        all += job.others.filter(\.isThere).map {
            Contender(
                name: $0.name, words: $0.words, input: workload.path, processors: 1, mayFail: true)
        }
        return all
    }

    private func own(
        _ pipeline: String, on workload: WorkloadFile, _ variant: Variant, cores: Int
    ) -> Contender {
        Contender(
            name: "sluice",
            words: [
                arguments.sluice, "run", pipeline, "--quiet", "--now", variant.now, "--workers",
                "\(cores)",
            ], input: workload.path, processors: cores)
    }

    /// Tells how long a run takes that has next to nothing to do: a kilobyte of an access log.
    private func printStart() throws {
        guard let job = Job.all.first, let variant = Variant.all.first else { return }
        let workload = try WorkloadFile(
            job.form, variant.shape, sizeBytes: 1000, in: arguments.folder)
        defer { workload.remove() }
        let pipeline = try prepare(job.pipeline, variant)
        let start = try measure([own(pipeline, on: workload, variant, cores: 1)], runs: 21)
        tell("start to end with a kilobyte: \(ResultTable.tenths(start[0].wall * 1000)) ms")
    }

    /// Copies a pipeline to where it may leave its keys and tables.
    private func prepare(_ pipeline: String, _ variant: Variant) throws -> String {
        let text = try TextFile.read("Tests/Benchmarks/pipelines/\(pipeline)")
        let path = "\(arguments.folder)/\(pipeline)"
        try TextFile.write(text + (variant.line.map { $0 + "\n" } ?? ""), to: path)
        return path
    }
}
