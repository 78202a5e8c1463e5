import Glibc

/// Prints results as a table of Markdown.
enum ResultTable {
    static func print(_ title: String, _ results: [Result], _ workload: WorkloadFile) {
        let plainBytes = Double(workload.plainBytes)
        let first = results.first.map { plainBytes / $0.processor } ?? 0
        tell("\n### \(title)\n")
        tell(
            "| command | cores | MB/s | MB per CPU second | of the first | CPU µs per record | "
                + "peak MB |")
        tell("|---|---:|---:|---:|---:|---:|---:|")
        for result in results {
            let thrift = plainBytes / result.processor
            tell(
                "| \(result.contender.name) | \(result.contender.processors) | "
                    + "\(tenths(plainBytes / result.wall / 1e6)) | \(tenths(thrift / 1e6)) | "
                    + "\(hundredths(thrift / first)) | "
                    + "\(hundredths(result.processor * 1e6 / Double(workload.records))) | "
                    + "\(result.memory / 1_000_000) |")
        }
    }

    static func tenths(_ value: Double) -> String { places(value, 10) }
    static func hundredths(_ value: Double) -> String { places(value, 100) }

    private static func places(_ value: Double, _ unit: Double) -> String {
        "\((value * unit).rounded() / unit)"
    }
}

/// Prints a line at once, so that it is seen also where the output is a file.
func tell(_ line: String) {
    print(line)
    fflush(nil)
}
