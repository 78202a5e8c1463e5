/// One fault of a pipeline file: where, what was found, what was expected.
package struct SettingFault: Error, Sendable, Equatable {
    package let position: SettingPosition
    /// The path of keys to the faulty place, for example `fields.ip.truncate_ip`.
    package let path: String
    /// A sentence that says what was found and what was expected.
    package let message: String
    /// The nearest valid name, if one is near.
    package let suggestion: String?

    package init(
        _ message: String, at position: SettingPosition, path: String = "",
        suggestion: String? = nil
    ) {
        self.message = message
        self.position = position
        self.path = path
        self.suggestion = suggestion
    }
}

/// Collects the faults of a pipeline, so that all of them are reported in one go.
package final class Faults {
    package private(set) var all: [SettingFault] = []

    package init() {}

    package var isEmpty: Bool { all.isEmpty }

    /// Adds a fault.
    package func add(
        _ message: String, at position: SettingPosition, path: String = "",
        suggestion: String? = nil
    ) {
        all.append(SettingFault(message, at: position, path: path, suggestion: suggestion))
    }

    /// The faults in the order of the file.
    package var sorted: [SettingFault] {
        all.sorted { $0.position < $1.position }
    }
}

/// The valid name nearest to `word`, if it is near enough to be what was meant.
///
/// Nearness is the Damerau-Levenshtein distance in characters, at most a third of the length.
package func nearestName(to word: String, among names: [String]) -> String? {
    let typed = Array(word.lowercased())
    let distanceMax = max(1, typed.count / 3)
    var best: (name: String, distance: Int)?
    // A word may be as long as a file: what differs too much in length alone is not looked at.
    for name in names where abs(name.count - typed.count) <= distanceMax {
        let distance = editDistance(typed, Array(name.lowercased()))
        if distance < best?.distance ?? Int.max { best = (name, distance) }
    }
    guard let best, best.distance <= distanceMax else { return nil }
    return best.name
}

private func editDistance(_ left: [Character], _ right: [Character]) -> Int {
    var rows = [Array(0...right.count)]
    for (row, one) in left.enumerated() {
        var current = [row + 1]
        for (column, other) in right.enumerated() {
            var cost = min(
                rows[row][column + 1] + 1, current[column] + 1,
                rows[row][column] + (one == other ? 0 : 1))
            if row > 0, column > 0, one == right[column - 1], left[row - 1] == other {
                cost = min(cost, rows[row - 1][column - 1] + 1)
            }
            current.append(cost)
        }
        rows.append(current)
    }
    return rows[left.count][right.count]
}
