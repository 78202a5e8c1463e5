import Workloads

/// What is particular about the records of a measurement, or about how many of them are due.
struct Variant {
    let name: String
    let shape: Shape
    /// The date of the run; the events end the day before the one that is usual.
    var now = "2026-04-15"
    /// A line that the pipeline gets.
    var line: String?

    /// Two thirds of the ordinary records are due.
    static let all =
        Shape.allCases.map { Variant(name: $0.rawValue, shape: $0) } + [
            Variant(name: "all-due", shape: .ordinary, now: "2026-06-01"),
            Variant(name: "none-due", shape: .ordinary, line: "window: P1Y"),
        ]

    var isOrdinary: Bool { name == Shape.ordinary.rawValue }

    /// False for forms that have no room for the fields that make the shape.
    func suits(_ job: Job) -> Bool {
        [.ordinary, .unique].contains(shape) || [.jsonLines, .gzip].contains(job.form)
    }
}
