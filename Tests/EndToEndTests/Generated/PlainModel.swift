import TestSupport

/// What must come of a generated case, worked out in the plainest way from the words of the README.
struct PlainModel {
    let given: GeneratedCase
    static let key = "an invented key of the tests, long enough"

    private typealias Member = (name: String, text: String)

    // MARK: Records

    /// The columns of a table that is written: those that somebody named.
    var columns: [String] {
        GeneratedCase.names.filter { given.keepsOthers || given.rule($0) != nil }
    }

    /// The records of an output in their order. In `isShown` what is not yet due stays. In a table
    /// a cell without a value is an empty text; in an access log there is none, `-`.
    func records(
        isShown: Bool, _ form: GeneratedCase.Form
    ) -> [[(name: String, text: String)]] {
        given.events.filter { event in
            !event.isBroken && !isOut(event, purpose: isShown ? "security" : "statistics")
        }.map { event in
            let members = form == .csv ? Self.cells(event.members) : event.members
            return members.compactMap { member in
                let clock = given.rule(member.name)?.after ?? given.window
                let cutOff = given.now.before(clock).beginning(isAmsterdam: given.isAmsterdam)
                let isDue = !isShown || event.instant < cutOff
                return isDue ? due(member, event) : member
            }
        }
    }

    private static func cells(_ members: [Member]) -> [Member] {
        GeneratedCase.names.map { name in
            members.first { $0.name == name } ?? (name, "")
        }
    }

    private func due(_ member: Member, _ event: GeneratedCase.Event) -> Member? {
        guard let rule = given.rule(member.name)?.rule else {
            return given.keepsOthers ? member : nil
        }
        return changed(member.text, of: member.name, by: rule, event).map { (member.name, $0) }
    }

    private func changed(
        _ text: String, of name: String, by rule: GeneratedCase.Rule, _ event: GeneratedCase.Event
    ) -> String? {
        if case .replace(let other) = rule { return other }
        // An empty text tells nothing.
        if text.isEmpty { return text }
        return switch rule {
        case .keep, .replace: text
        case .drop: nil
        case .digest: PlainHash.hmac(key: bytes(Self.key), bytes(text))
        case .cut(let ipv4, let ipv6): Self.cut(text, ipv4, ipv6)
        case .agent: Self.agent(text)
        case .page: Self.page(text)
        case .time(let unit): unit == "day" ? day(event).text : day(event).monthText
        case .ranges(let edges): Int(text).map { Self.range($0, edges) }
        case .token: token(text, of: name, event)
        case .mail(let mode): mail(text, mode, of: name, event)
        case .text(let kinds, let isSimple):
            PlainTexts.redacted(text, kinds: kinds, isSimple: isSimple)
        }
    }

    private func token(_ text: String, of name: String, _ event: GeneratedCase.Event) -> String {
        TokenMatch.mark("\(name) \(text) \(day(event).monthText)")
    }

    /// Of a person nothing is shown but a large provider. All invented addresses have one sign.
    private func mail(
        _ text: String, _ mode: String, of name: String, _ event: GeneratedCase.Event
    ) -> String? {
        let parts = text.replacing("%40", with: "@").lowercased()
            .split(separator: "@", omittingEmptySubsequences: false)
        guard mode != "drop", parts.count == 2, !text.contains(where: { " <>".contains($0) }) else {
            return nil
        }
        let domain = PlainTexts.providers.contains(String(parts[1])) ? parts[1] : "[domain]"
        if mode == "public-only" { return "[user]@\(domain)" }
        guard parts[1] != "[domain]" else { return nil }
        return token(parts.joined(separator: "@"), of: name, event) + "@\(domain)"
    }

    private func day(_ event: GeneratedCase.Event) -> CivilDay {
        CivilDay(of: event.instant, isAmsterdam: given.isAmsterdam)
    }

    /// `*` is all purposes but security and compliance.
    private func isOut(_ event: GeneratedCase.Event, purpose: String) -> Bool {
        let customer = event.members.first { $0.name == "customer" }?.text
        return given.optOuts.contains { entry in
            guard entry.customer == customer else { return false }
            guard entry.purpose == purpose || entry.purpose == "*" && purpose != "security" else {
                return false
            }
            return given.countsUse
                ? entry.since.number <= given.now.number
                : entry.since.number <= day(event).number
        }
    }

    // MARK: Values

    /// The first bits of an address; all invented ones have no zero group but in `::`.
    private static func cut(_ address: String, _ ipv4: Int, _ ipv6: Int) -> String {
        if address.contains(":") {
            let groups = address.split(separator: ":").compactMap { UInt16($0, radix: 16) }
            // `2001:db8:x:1::y` has four groups in front.
            var kept = (0..<4).map { index -> UInt16 in
                let bits = min(16, max(0, ipv6 - index * 16))
                return bits == 0 ? 0 : groups[index] & (0xffff << (16 - UInt16(bits)))
            }
            while kept.last == 0 { kept.removeLast() }
            return kept.map { String($0, radix: 16) }.joined(separator: ":") + "::"
        }
        let octets = address.split(separator: ".").compactMap { UInt32($0) }
        let number = octets.reduce(0) { $0 << 8 | $1 } & (UInt32.max << (32 - UInt32(ipv4)))
        return [24, 16, 8, 0].map { "\(number >> $0 & 255)" }.joined(separator: ".")
    }

    private static func agent(_ agent: String) -> String {
        if agent.contains("curl") { return "Bot / Bot" }
        if agent.contains("Edg/") { return "Edge / Windows" }
        return agent.contains("iPhone") ? "Safari / iOS" : "Firefox / Linux"
    }

    /// Without its query; a number of two digits and more is an id.
    private static func page(_ path: String) -> String {
        let bare = path.split(separator: "?").first.map(String.init) ?? path
        return bare == "/" ? bare : bare.split(separator: "/").map { part in
            part.count > 1 && part.allSatisfy(\.isNumber) ? "/:id" : "/\(part)"
        }.joined()
    }

    private static func range(_ number: Int, _ edges: [Int]) -> String {
        guard let first = edges.first, number >= first else { return "<\(edges[0])" }
        guard let next = edges.firstIndex(where: { $0 > number }) else {
            return "\(edges[edges.count - 1])+"
        }
        return "\(edges[next - 1])-\(edges[next] - 1)"
    }

    // MARK: The table

    /// A cell with too few persons behind it is hidden: behind a sum stand those who have a number.
    /// That nobody has one is told where the row is large enough; a hidden sum is an empty cell.
    func table(_ form: GeneratedCase.Form) -> String {
        var groups: [String: [GeneratedCase.Event]] = [:]
        for event in given.events where !event.isBroken && !isOut(event, purpose: "statistics") {
            let day = day(event)
            var key = given.table.unit == "day" ? day.text : day.monthText
            if given.table.withAction { key += "," + (text("action", event) ?? "") }
            groups[key, default: []].append(event)
        }
        let names = [given.table.unit] + (given.table.withAction ? [form.name("action")] : [])
        let measures = ["times", "users"] + (given.sums ? ["total"] : [])
        return (names + measures).joined(separator: ",") + "\n"
            + groups.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .map { key, group in
                let hidden = "<\(given.table.persons)"
                let isLarge = isLarge(group)
                var cells = [key]
                cells.append(isLarge ? "\(group.count)" : hidden)
                cells.append(isLarge ? "\(users(group))" : hidden)
                if given.sums {
                    let numbers = group.filter { text("amount", $0) != nil }
                    let sum = numbers.compactMap { text("amount", $0).flatMap { Int($0) } }
                    cells.append(
                        isLarge && numbers.isEmpty
                            ? "n/a" : self.isLarge(numbers) ? "\(sum.reduce(0, +))" : "")
                }
                return cells.joined(separator: ",") + "\n"
            }.joined()
    }

    private func users(_ events: [GeneratedCase.Event]) -> Int {
        Set(events.map { text("user", $0) ?? "" }).count
    }

    private func isLarge(_ events: [GeneratedCase.Event]) -> Bool {
        users(events) >= given.table.persons
            && Set(events.map { text("customer", $0) ?? "" }).count >= given.table.customers
    }

    private func text(_ name: String, _ event: GeneratedCase.Event) -> String? {
        event.members.first { $0.name == name }?.text
    }
}
