import Glibc
import Workloads

/// Measures how the cost of a run grows with one thing, and prints a table for each.
struct ScaleRun {
    let arguments: Arguments
    /// The folder of the pipeline, new for each run.
    private var home: String { "\(arguments.folder)/scale" }

    func run() throws {
        for scale in Scale.all where arguments.scales.contains(scale.name) {
            tell("\n### \(scale.name)\n")
            tell(
                "| \(scale.unit) | records | CPU seconds | CPU µs per record | MB per CPU second | "
                    + "peak MB | written MB | kept MB |")
            tell("|---:|---:|---:|---:|---:|---:|---:|---:|")
            for step in arguments.steps ?? scale.steps {
                let size = arguments.sizes?.first ?? 1_000_000_000
                try run(step, scale.trial(step, size))
            }
        }
    }

    private func run(_ step: Int, _ trial: Scale.Trial) throws {
        let workload = try WorkloadFile(
            .jsonLines, .ordinary, sizeBytes: trial.sizeBytes, population: trial.population,
            copies: trial.copies, in: arguments.folder)
        defer { workload.remove() }
        var costs: [Cost] = []
        var keptBytes = 0
        for _ in 0..<(arguments.runs ?? 1) {
            try prepare(trial)
            costs.append(try measure(workload))
            keptBytes = try size(of: home)
        }
        _ = try ChildProcess.run(["rm", "-rf", home])
        let cpu = median(costs.map(\.processor))
        let cells: [String] = [
            "\(step)", "\(workload.records)", ResultTable.hundredths(cpu),
            ResultTable.hundredths(cpu * 1e6 / Double(workload.records)),
            ResultTable.tenths(Double(workload.plainBytes) / cpu / 1e6),
            "\((costs.map(\.memory).max() ?? 0) / 1_000_000)",
            "\((costs.map(\.written).max() ?? 0) / 1_000_000)",
            ResultTable.tenths(Double(keptBytes) / 1e6),
        ]
        tell("| \(cells.joined(separator: " | ")) |")
    }

    /// A folder with the pipeline, and with the list of opt-outs that it names.
    private func prepare(_ trial: Scale.Trial) throws {
        _ = try ChildProcess.run(["rm", "-rf", home])
        _ = try ChildProcess.run(["mkdir", home])
        try TextFile.write(trial.pipeline.text, to: "\(home)/pipeline.yaml")
        guard trial.optOuts > 0 else { return }
        // Every second customer of the workload is in a list that is long enough.
        let rows = (0...trial.optOuts).lazy.map { row in
            row == 0
                ? "customer,purpose,effective_date\n"
                : "NL-\((row - 1) * 2),statistics,2026-01-01\n"
        }
        try TextFile.write(lines: rows, to: "\(home)/opt-outs.csv")
    }

    private func measure(_ workload: WorkloadFile) throws -> Cost {
        let cores = arguments.cores?.first ?? 1
        let processors = (0..<cores).map { "\($0)" }.joined(separator: ",")
        return try ChildProcess.run([
            "taskset", "-c", processors, arguments.sluice, "run", "\(home)/pipeline.yaml",
            workload.path, "--quiet", "--now", "2026-04-15", "--workers", "\(cores)",
        ])
    }

    private func size(of folder: String) throws -> Int {
        let words = ["sh", "-c", "du -sb --exclude=opt-outs.csv \(folder) | cut -f1"]
        let said = try ChildProcess.run(words, keepsOutput: true).output
        return Int(said.prefix { $0.isNumber }) ?? 0
    }
}
