import KeyedHashing
import Statistics

/// Which rows of a table each person counts in: the `limit` rows whose keyed hash is least.
///
/// The hash depends on the key, the person's token and the texts of the row, and on nothing else
/// in the data: any part of the records comes to the same order, the choice of the whole is the
/// choice among the choices of its parts, and one more person changes nobody else's. Memory: 16
/// bytes for each person and row chosen, and about 60 for each person.
struct RowChoice: ContributionSink {
    private let hasher: HMACSHA256
    private let limit: Int
    private let wanted: WantedRows
    private var rowKeys: [[UInt8]?] = []
    private var places: [Token: Int] = [:]
    /// `limit` hashes for each person in ascending order; `none` is room.
    private var chosen: [Token] = []

    init(_ hasher: HMACSHA256, limit: Int, wanted: WantedRows) {
        self.hasher = hasher
        self.limit = limit
        self.wanted = wanted
    }

    mutating func row(_ key: [[UInt8]]) {
        rowKeys.append(wanted.contains(key) ? RowPriority.message(of: key) : nil)
    }

    mutating func contributions(row: Int, person: Token, _ columns: [Contribution]) {
        guard person != .none, let key = rowKeys[row] else { return }
        let priority = RowPriority.of(key, person, hasher)
        let place = places[person] ?? addPerson(person)
        insert(priority, from: place * limit)
    }

    private mutating func addPerson(_ person: Token) -> Int {
        let place = places.count
        places[person] = place
        for _ in 0..<limit { chosen.append(.none) }
        return place
    }

    private mutating func insert(_ priority: Token, from start: Int) {
        var carried = priority
        for index in start..<start + limit {
            let known = chosen[index]
            if known == carried { return }
            if known == .none {
                chosen[index] = carried
                return
            }
            if carried < known {
                chosen[index] = carried
                carried = known
            }
        }
    }

    /// The number of rows chosen for all persons together: the room that a note for each needs.
    var noteCount: Int { chosen.count }

    /// The number of the note for a chosen pair of row and person; nil for others.
    func note(row key: [UInt8], _ person: Token) -> Int? {
        guard let place = places[person] else { return nil }
        let priority = RowPriority.of(key, person, hasher)
        for index in place * limit..<(place + 1) * limit where chosen[index] == priority {
            return index
        }
        return nil
    }
}

/// The rows of a table that count at all.
enum WantedRows {
    case all
    case only(Set<[[UInt8]]>)

    func contains(_ key: [[UInt8]]) -> Bool {
        switch self {
        case .all: true
        case .only(let keys): keys.contains(key)
        }
    }
}

/// The keyed hash that orders the rows of a person.
enum RowPriority {
    /// The part of the message that names the row: every text with its length in front.
    static func message(of key: [[UInt8]]) -> [UInt8] {
        var message: [UInt8] = []
        FramedTexts.append(key, to: &message)
        return message
    }

    /// No message of a token begins with these bytes (`TokenDomain.version`).
    private static let head: [UInt8] = [0x81] + Array("sluice row of person".utf8)

    static func of(_ key: [UInt8], _ person: Token, _ hasher: HMACSHA256) -> Token {
        var message = head
        message.reserveCapacity(head.count + 16 + key.count)
        FramedTexts.append(person.high, to: &message)
        FramedTexts.append(person.low, to: &message)
        message += key
        return hasher.token(of: message.span)
    }
}
