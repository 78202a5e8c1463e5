/// What was seen on earlier days and must still hold.
struct HistoryMemory {
    var dead: Set<String> = []
    private var tokens: [String: String] = [:]
    private var meanings: [String: String] = [:]
    private var published: [String: [UInt8]] = [:]
    private var faults: [String] = []

    /// What was published stays as it was; returns what does not.
    mutating func compare(_ found: [String: [UInt8]]) -> [String] {
        let changed = published.keys.filter { found[$0] != published[$0] }
        published = found
        return changed.sorted().map { "\($0) was published and is not what it was" }
    }

    mutating func note(_ token: String, _ meaning: String, _ place: String) {
        if let known = tokens[meaning], known != token {
            faults.append("\(meaning) has two tokens, one of them for \(place)")
        }
        if let known = meanings[token], known != meaning {
            faults.append("a token stands for \(known) and \(meaning)")
        }
        tokens[meaning] = token
        meanings[token] = meaning
    }

    mutating func takeFaults() -> [String] {
        defer { faults = [] }
        return Array(Set(faults)).sorted()
    }
}
