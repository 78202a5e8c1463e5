/// All measures that a pipeline can name, in the order of the reference page.
package enum MeasureCatalogue {
    /// One line for each measure; each has a file of its own.
    package static let all: [MeasureDescriptor] = [
        .count,
        .sum,
        .distinct,
        .mean,
        .percentile,
        .sessions,
    ]

    /// The measure called `name`, if there is one.
    package static func measure(named name: String) -> MeasureDescriptor? {
        all.first { $0.name.utf8.elementsEqual(name.utf8) }
    }
}
