package import KeyedHashing

/// Which sketches leave, and how large they are.
package struct SketchOptions: Sendable {
    /// The kinds of sketches.
    package enum Form: String, CaseIterable, Sendable { case theta, hll, kll }

    /// The kinds wanted.
    package var forms: Set<Form> = [.theta, .hll, .kll]
    /// The sizes; each must be one that its descriptor has.
    package var thetaLgK = SketchDescriptor.theta.standardSize
    package var hllLgK = SketchDescriptor.hll.standardSize
    package var kllK = SketchDescriptor.kll.standardSize

    package init() {}
}

/// One column of sketches. None of them may be added up; all may be merged by their kind.
package struct SketchColumn: Sendable, Equatable {
    /// What the items of a sketch are; readers of KLL sketches must know.
    package enum Item: String, Sendable {
        /// Tokens, as text of 32 hexadecimal digits.
        case token
        /// Numbers as `double`.
        case double
        /// Durations in milliseconds as `bigint`.
        case milliseconds
    }

    /// The name: that of the measure, an underscore, and the kind.
    package let name: String
    /// The index of the measure in the statistic.
    package let measure: Int
    /// The kind and its size.
    package let form: SketchOptions.Form
    package let size: Int
    /// What it is made of.
    package let item: Item

    /// What is to be said about the kind.
    package var descriptor: SketchDescriptor {
        switch form {
        case .theta: .theta
        case .hll: .hll
        case .kll: .kll
        }
    }

    /// One standard deviation of the error of a sketch that holds more than its size.
    package var standardError: Double { descriptor.standardError(size) }
}

/// One group of a statistic and its sketches.
package struct SketchRow: Sendable, Equatable {
    /// The values of the group columns.
    package let key: [[UInt8]]
    /// The bytes of the sketches in the order of the columns; nothing gives an empty sketch.
    package let sketches: [[UInt8]]
}

extension StatisticPlan {
    /// The columns of sketches that a statistic gives: theta and HLL of tokens counted, KLL of
    /// numbers ranked and of the durations of sessions.
    package func sketchColumns(_ options: SketchOptions = SketchOptions()) -> [SketchColumn] {
        measures.enumerated().flatMap { index, measure -> [SketchColumn] in
            func column(
                _ form: SketchOptions.Form, _ size: Int, _ item: SketchColumn.Item,
                _ name: String
            ) -> [SketchColumn] {
                if !options.forms.contains(form) { return [] }
                return [
                    SketchColumn(
                        name: "\(name)_\(form.rawValue)", measure: index, form: form,
                        size: size, item: item)
                ]
            }
            switch measure.kind {
            case .count, .sum, .mean: return []
            case .distinct:
                return column(.theta, options.thetaLgK, .token, measure.name)
                    + column(.hll, options.hllLgK, .token, measure.name)
            case .percentile: return column(.kll, options.kllK, .double, measure.name)
            case .sessions:
                return column(
                    .kll, options.kllK, .milliseconds, measure.name + "_duration")
            }
        }
    }
}

extension Partials {
    /// Sends the sketches of all groups of all statistics to `receive`, statistic by statistic,
    /// each in the order of its keys.
    ///
    /// The bytes do not depend on the order of the partials nor on how the rows were spread over
    /// them. They hold hashes of tokens: a file of them is as sensitive as a partial (0600, gone
    /// when the key dies), belongs beside the keys that `header` names, and is no publication.
    package func sketches(
        _ options: SketchOptions = SketchOptions(),
        _ receive: @escaping (_ statistic: Int, SketchRow) throws(PartialFault) -> Void
    ) throws(PartialFault) {
        try sketches(plan.statistics.map { $0.sketchColumns(options) }, receive)
    }

    /// The same of some columns of each statistic, of none where the list is empty.
    ///
    /// With `key`, the items of a statistic are not its tokens but their hashes under the key, told
    /// apart by statistic: sketches of one statistic can be merged with each other, and with
    /// nothing else. Once the key is forgotten nobody can find out whether a known person is in
    /// one.
    package func sketches(
        _ columns: [[SketchColumn]], under key: HMACSHA256? = nil,
        _ receive: @escaping (_ statistic: Int, SketchRow) throws(PartialFault) -> Void
    ) throws(PartialFault) {
        var sink = CellSink(
            layouts, columns.map { $0.map { CellSource($0) } }, key: key
        ) { statistic, key, cells throws(PartialFault) in
            try receive(statistic, SketchRow(key: key, sketches: cells.map(\.bytes)))
        }
        try merge(into: &sink)
    }
}
