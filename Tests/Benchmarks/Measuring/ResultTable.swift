/// Prints results as a table of Markdown.
enum ResultTable {
    static func print(_ title: String, _ results: [Result], plainBytes: Int) {
        let best = results.first.map { Double(plainBytes) / $0.processor / 1e6 } ?? 0
        Swift.print("\n### \(title)\n")
        Swift.print("| command | cores | MB/s | MB per CPU second | of the first | peak MB |")
        Swift.print("|---|---:|---:|---:|---:|---:|")
        for result in results {
            let speed = Double(plainBytes) / result.wall / 1e6
            let thrift = Double(plainBytes) / result.processor / 1e6
            Swift.print(
                "| \(result.contender.name) | \(result.contender.processors) | \(tenths(speed)) | "
                    + "\(tenths(thrift)) | \(hundredths(thrift / best)) | "
                    + "\(result.memory / 1_000_000) |")
        }
    }

    private static func tenths(_ value: Double) -> String { places(value, 10) }
    private static func hundredths(_ value: Double) -> String { places(value, 100) }

    private static func places(_ value: Double, _ unit: Double) -> String {
        "\((value * unit).rounded() / unit)"
    }
}
