package import Pipelines

/// What the commands for tasks tell the scheduler that called them: one JSON object on one line.
package enum TaskText {
    /// A plan of tasks.
    package static func json(_ report: TaskPlanReport) -> String {
        JSONValue.object([
            ("status", .integer(Int(ExitStatus.success))), ("folder", .text(report.folder)),
            ("plan", .text(report.name)), ("now", .text(report.now)),
            ("complete", .boolean(report.isComplete)),
            ("buckets", .integer(report.buckets)), ("tasks", .array(report.tasks.map(task))),
        ]).json
    }

    private static func task(_ task: TaskPlanReport.Task) -> JSONValue {
        .object([
            ("name", .text(task.name)), ("source", .text(task.source)),
            ("files", .integer(task.files)),
            ("begin", task.range.map { JSONValue.integer($0.lowerBound) } ?? .null),
            ("end", task.range.map { JSONValue.integer($0.upperBound) } ?? .null),
            ("bytes", .integer(task.bytes)),
        ])
    }

    /// One attempt at a task.
    package static func json(_ report: TaskReport) -> String {
        JSONValue.object([
            ("status", .integer(Int(ExitStatus.success))), ("task", .text(report.task)),
            ("committed", .boolean(report.isCommitted)), ("records", .integer(report.records)),
            ("quarantined", .integer(report.quarantined)), ("bytes", .integer(report.bytes)),
        ]).json
    }

    /// A commit of a run that was complete.
    package static let completeBefore = JSONValue.object([
        ("status", .integer(Int(ExitStatus.success))), ("complete", .boolean(true)),
    ]).json

    /// What was removed.
    package static func json(_ report: WorkRemovalReport) -> String {
        JSONValue.object([
            ("status", .integer(Int(ExitStatus.success))), ("attempts", .integer(report.attempts)),
            ("plans", .integer(report.plans)),
        ]).json
    }
}
