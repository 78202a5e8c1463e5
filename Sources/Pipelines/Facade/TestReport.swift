/// What the tests of a pipeline gave.
package struct TestReport: Sendable {
    package struct Case: Sendable {
        package var name: String
        /// Sentences that say which output differs and how; empty when the test passed. The texts
        /// are the pipeline file's own examples, so they may be shown.
        package var differences: [String]

        package init(name: String, differences: [String]) {
            self.name = name
            self.differences = differences
        }

        package var hasPassed: Bool { differences.isEmpty }
    }

    package var cases: [Case] = []

    package init() {}
}
