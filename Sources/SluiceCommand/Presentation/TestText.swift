package import Pipelines

/// The results of a pipeline's tests for people and for machines.
package enum TestText {
    /// A line for each test, its differences indented below it, and a line that counts them; with
    /// a last line feed.
    package static func text(_ report: TestReport, pipeline: String, _ palette: Palette) -> String {
        var lines: [String] = []
        for test in report.cases {
            let verdict = test.hasPassed ? palette.good("ok    ") : palette.bad("FAILED")
            lines.append("\(verdict)  \(FaultReport.printable(test.name))")
            lines += test.differences.flatMap(indented)
        }
        let failed = report.cases.filter { !$0.hasPassed }.count
        let outcome = failed == 0 ? "" : ", \(NumberText.grouped(failed)) failed"
        let count = NumberText.counted(report.cases.count, "test")
        lines.append("\(FaultReport.printable(pipeline)): \(count)\(outcome)")
        return lines.joined(separator: "\n") + "\n"
    }

    /// The same as a JSON object.
    package static func json(_ report: TestReport, pipeline: String) -> JSONValue {
        let hasPassed = report.cases.allSatisfy(\.hasPassed)
        let status = hasPassed ? ExitStatus.success : ExitStatus.testsFailed
        return .object([
            ("file", .text(pipeline)),
            ("status", .integer(Int(status))),
            (
                "tests",
                .array(
                    report.cases.map { test in
                        .object([
                            ("name", .text(test.name)),
                            ("passed", .boolean(test.hasPassed)),
                            ("differences", .array(test.differences.map { .text($0) })),
                        ])
                    }
                )
            ),
        ])
    }

    /// A difference may have several lines: what was expected below what came out.
    private static func indented(_ difference: String) -> [String] {
        difference.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { "        \(FaultReport.printable(String(decoding: $0, as: UTF8.self)))" }
    }
}
