import TestSupport

/// SHA-256 (FIPS 180-4) and HMAC (RFC 2104), slow and plain.
enum PlainHash {
    private static let primes: [UInt64] = {
        var found: [UInt64] = []
        var number: UInt64 = 2
        while found.count < 64 {
            if found.allSatisfy({ number % $0 != 0 }) { found.append(number) }
            number += 1
        }
        return found
    }()

    /// The first 32 bits of the fraction of the `root`th root of `prime`, by halving.
    private static func fraction(_ prime: UInt64, root: Int) -> UInt32 {
        var low = 0.0
        var high = Double(prime)
        for _ in 0..<200 {
            let middle = (low + high) / 2
            let power = root == 2 ? middle * middle : middle * middle * middle
            if power <= Double(prime) { low = middle } else { high = middle }
        }
        let rest = low - low.rounded(.down)
        return UInt32(rest * 4_294_967_296.0)
    }

    private static let constants = primes.map { fraction($0, root: 3) }
    private static let start = primes.prefix(8).map { fraction($0, root: 2) }

    private static func turned(_ word: UInt32, _ bits: UInt32) -> UInt32 {
        word >> bits | word << (32 - bits)
    }

    static func sha256(_ message: [UInt8]) -> [UInt8] {
        var padded = message + [0x80]
        while padded.count % 64 != 56 { padded.append(0) }
        let bits = UInt64(message.count) * 8
        padded += (0..<8).map { UInt8(truncatingIfNeeded: bits >> UInt64(56 - 8 * $0)) }
        var state = start
        for block in stride(from: 0, to: padded.count, by: 64) {
            compress(Array(padded[block..<block + 64]), &state)
        }
        return state.flatMap { word in
            (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * $0)) }
        }
    }

    private static func compress(_ block: [UInt8], _ state: inout [UInt32]) {
        var words = (0..<16).map { index in
            block[index * 4..<index * 4 + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        for index in 16..<64 {
            let near = words[index - 2]
            let far = words[index - 15]
            let first = turned(far, 7) ^ turned(far, 18) ^ far >> 3
            let second = turned(near, 17) ^ turned(near, 19) ^ near >> 10
            words.append(words[index - 16] &+ first &+ words[index - 7] &+ second)
        }
        var s = state
        for index in 0..<64 {
            let mixed = turned(s[4], 6) ^ turned(s[4], 11) ^ turned(s[4], 25)
            let choice = s[4] & s[5] ^ ~s[4] & s[6]
            let one = s[7] &+ mixed &+ choice &+ constants[index] &+ words[index]
            let spread = turned(s[0], 2) ^ turned(s[0], 13) ^ turned(s[0], 22)
            let two = spread &+ (s[0] & s[1] ^ s[0] & s[2] ^ s[1] & s[2])
            s = [one &+ two, s[0], s[1], s[2], s[3] &+ one, s[4], s[5], s[6]]
        }
        for index in 0..<8 { state[index] &+= s[index] }
    }

    static func hmac(key: [UInt8], _ message: [UInt8]) -> String {
        let short = key.count > 64 ? sha256(key) : key
        let block = short + Array(repeating: 0, count: 64 - short.count)
        let inner = sha256(block.map { $0 ^ 0x36 } + message)
        let digits = Array("0123456789abcdef")
        return sha256(block.map { $0 ^ 0x5c } + inner).reduce(into: "") {
            $0 += "\(digits[Int($1 >> 4)])\(digits[Int($1 & 15)])"
        }
    }
}

/// The oracle's jobs on events whose parts are known, in the plainest way.
struct OracleTwin {
    static let cutOff = "2026-03-15T00:00:00Z"

    let key: [UInt8]
    /// For each customer the first day (`yyyy-MM-dd`) of its opt-out.
    let optOuts: [String: String]

    private func isOut(_ event: Event) -> Bool {
        guard let day = optOuts[event.customer] else { return false }
        return Array(event.time.utf8.prefix(10)).lexicographicallyPrecedes(Array(day.utf8))
            == false
    }

    /// J1: the first field of a line.
    static func cut(_ address: String) -> String {
        if address.contains(":") {
            let groups = address.split(separator: ":", omittingEmptySubsequences: false)
            // The invented ones are all 2001:db8:x:1::y, whose first 48 bits are three groups.
            return groups.count == 6 ? "2001:db8:\(groups[2])::" : "0.0.0.0"
        }
        let octets = address.split(separator: ".", omittingEmptySubsequences: false)
        guard octets.count == 4, octets.allSatisfy({ UInt8($0).map(String.init) == String($0) })
        else { return "0.0.0.0" }
        return octets.prefix(3).joined(separator: ".") + ".0"
    }

    private static func agent(_ agent: String) -> String {
        switch EventMaker.agents.firstIndex(of: agent) {
        case 0: "Firefox / Linux"
        case 1: "Edge / Windows"
        case 2: "Safari / iOS"
        default: "Other / Other"
        }
    }

    /// J2: what is old loses who it is about.
    func anonymise(_ events: [Event]) -> String {
        events.filter { !isOut($0) }.map { event in
            guard
                Array(event.time.utf8).lexicographicallyPrecedes(Array(Self.cutOff.utf8))
            else { return event.json + "\n" }
            var event = event
            let cut = Self.cut(event.address)
            event.address = cut == "0.0.0.0" ? "" : cut
            event.user = PlainHash.hmac(key: key, bytes(event.user))
            event.agent = Self.agent(event.agent)
            if event.path.contains("%40") { event.path = "/invite?to=[email]" }
            return event.json + "\n"
        }.joined()
    }

    private func cell(_ count: Int) -> String { count < 10 ? "<10" : "\(count)" }

    /// J3: the table of days and actions.
    func dailyActions(_ events: [Event]) -> String {
        var counts: [String: Int] = [:]
        for event in events where !isOut(event) {
            counts["\(event.time.prefix(10)),\(event.action)", default: 0] += 1
        }
        return "day,action,count\n"
            + counts.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .map { "\($0.key),\(cell($0.value))\n" }.joined()
    }

    /// J3: the table of months and partners.
    func monthlyPartners(_ events: [Event]) -> String {
        var groups: [String: [Event]] = [:]
        for event in events where !isOut(event) {
            groups["\(event.time.prefix(7)),\(event.partner)", default: []].append(event)
        }
        return "month,partner,logins,distinct_users,invoices_sent,password_resets\n"
            + groups.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .map { key, group in
                func of(_ action: String) -> String {
                    cell(group.count { $0.action == action })
                }
                return "\(key),\(of("login")),\(cell(Set(group.map(\.user)).count)),"
                    + "\(of("invoice_sent")),\(of("password_reset"))\n"
            }.joined()
    }

    /// J3: the sessions of each month.
    func sessions(_ events: [Event]) -> String {
        var times: [String: [Int]] = [:]
        for event in events where !isOut(event) {
            times[event.user, default: []].append(Self.seconds(event.time))
        }
        var lengths: [Int: [Int]] = [:]
        for (_, all) in times {
            var first = Int.min / 2
            var last = Int.min / 2
            func close() {
                guard first > 0 else { return }
                lengths[Self.month(first), default: []].append((last - first) * 1000)
            }
            for time in all.sorted() {
                if time - last > 1800 {
                    close()
                    first = time
                }
                last = time
            }
            close()
        }
        return "month,sessions,mean_ms,p50_ms,p95_ms\n"
            + lengths.sorted { $0.key < $1.key }.map { month, unsorted in
                let all = unsorted.sorted()
                func rank(_ percent: Int) -> Int { all[(all.count * percent + 99) / 100 - 1] }
                return all.count < 10
                    ? "2026-0\(month),<10,,,\n"
                    : "2026-0\(month),\(all.count),\(all.reduce(0, +) / all.count),"
                        + "\(rank(50)),\(rank(95))\n"
            }.joined()
    }

    private static let monthStarts = [0, 31, 59, 90, 120]

    /// Seconds of 2026.
    private static func seconds(_ time: String) -> Int {
        let parts = time.split { "-T:Z".contains($0) }.compactMap { Int($0) }
        return ((monthStarts[parts[1] - 1] + parts[2]) * 24 + parts[3]) * 3600 + parts[4] * 60
            + parts[5]
    }

    private static func month(_ seconds: Int) -> Int {
        let day = seconds / 86_400 - 1
        return (monthStarts.firstIndex { $0 > day } ?? 5)
    }
}
