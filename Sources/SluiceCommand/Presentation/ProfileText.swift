package import Pipelines

/// What the time of a run was spent on, as people read it: a line for each stage.
package struct ProfileText: Sendable {
    private let report: RunReport
    private let columnsMax: Int

    package init(_ report: RunReport, columnsMax: Int) {
        self.report = report
        self.columnsMax = columnsMax
    }

    /// The table, and a line that says whose time it is.
    package var text: String {
        var table = TextTable([
            .text("stage"), .number("seconds"), .number("share"), .text("what"),
        ])
        let total = max(report.stages.total, 1e-9)
        for stage in StageTimes.Stage.allCases {
            let seconds = report.stages.seconds(stage)
            table.add([
                stage.name, Self.seconds(seconds),
                "\(NumberText.wholeNumber(seconds / total * 100)) %", stage.words,
            ])
        }
        let head =
            "\(NumberText.counted(report.workers, "worker")), all together "
            + "\(Self.seconds(total)) s in \(Self.seconds(report.elapsedSeconds)) s"
        let place = report.confinement.isEmpty ? [] : ["confined \(report.confinement)"]
        let lines = [""] + table.lines(columnsMax: columnsMax) + [head] + place
        return lines.map { "\($0)\n" }.joined()
    }

    private static func seconds(_ seconds: Double) -> String {
        NumberText.decimal(NumberText.wholeNumber(seconds * 1000), places: 3)
    }
}
