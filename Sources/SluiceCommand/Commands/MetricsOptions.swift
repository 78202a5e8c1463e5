package import ArgumentParser
import Pipelines

/// Where metrics go, as `run` and `status` know it.
package struct MetricsOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Write metrics for Prometheus to this file, in one step; its folder must be there. A \
            run that fails leaves the file as it is.
            """,
            valueName: "file"
        )
    )
    package var metrics: String?

    package init() {}

    /// Writes `text` to the file, if one is named.
    func write(_ text: @autoclosure () -> MetricsText) throws(PipelineFailure) {
        guard let metrics else { return }
        try MetricsFile.write(text().text, to: metrics)
    }
}
