import TestSupport

/// What is planted, and the sources that it is planted in.
struct CanaryField {
    private(set) var marks: [CanaryMark] = []
    /// The users and customers of the records so far, as they stand there.
    private(set) var users: [String] = []
    private(set) var customers: [String] = []
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// A new word without a digit of hexadecimal numbers, planted in `place`.
    mutating func word(
        _ place: String, _ kind: CanaryMark.Kind = .due, value: (String) -> String? = { _ in nil }
    ) -> String {
        let letters = Array("ghjkmnpqrstvwxz")
        let word =
            "q" + String((0..<13).map { _ in letters[Int.random(in: 0..<15, using: &random)] })
        marks.append(CanaryMark(place, kind, word: word, value: value(word)))
        return word
    }

    mutating func address(_ place: String, _ kind: CanaryMark.Kind = .due) -> String {
        let groups = (0..<4).map { _ in UInt16.random(in: 0x1000...0xffff, using: &random) }
        let mark = CanaryMark(place, kind, addressGroups: groups)
        marks.append(mark)
        return "2001:db8:\(mark.word):0:7"
    }

    // MARK: Records

    /// A page with marks wherever a page may name somebody.
    private mutating func page(_ place: String, _ kind: CanaryMark.Kind) -> String {
        let encoded = word("\(place): percent-encoded in a query", kind).utf8
            .map { "%" + String($0, radix: 16) }.joined()
        return "/invoices/17;s=\(word("\(place): path parameter", kind))"
            + "?to=\(word("\(place): query", kind))&e=\(encoded)"
            + "&mail=\(word("\(place): mail in a query", kind))%40firma.example"
            + "#\(word("\(place): fragment", kind))"
    }

    private mutating func agent(_ place: String, _ kind: CanaryMark.Kind) -> String {
        "Mozilla/5.0 (\(word("\(place): agent", kind))) Firefox/127.0"
    }

    /// A record with a mark in everything that may not leave; `time` is written as it is. Its user
    /// may be of another kind than the rest.
    mutating func record(
        _ time: String, _ place: String, _ kind: CanaryMark.Kind = .due,
        user userKind: CanaryMark.Kind? = nil, extra: String = ""
    ) -> String {
        let message =
            "mail from \(word("\(place): mail in a text", kind))@firma.example, "
            + "\(word("\(place): encoded mail", kind))%40firma.example "
            + "at \(address("\(place): text", kind))"
        let escaped = word("\(place): escaped", kind).utf8
            .map { "\\u00" + String($0, radix: 16) }.joined()
        let customer = word("\(place): customer", kind)
        customers.append(customer)
        let members = [
            #""ts":"\#(time)""#, #""customer":"\#(customer)""#,
            #""user":"\#(user(place, userKind ?? kind))""#, #""client":"\#(escaped)""#,
            #""ip":"\#(address("\(place): address", kind))""#,
            #""user_agent":"\#(agent(place, kind))""#, #""action":"login""#,
            #""path":"\#(page(place, kind))""#, #""message":"\#(message)""#,
            #""nested":{"id":"\#(word("\(place): nested", kind))","#
                + #""list":[1,{"x":"\#(word("\(place): deeply nested", kind))"}]}"#,
            #""\#(word("\(place): key", kind))":"\#(word("\(place): unnamed field", kind))""#,
        ]
        return "{" + members.joined(separator: ",") + extra + "}"
    }

    private mutating func user(_ place: String, _ kind: CanaryMark.Kind) -> String {
        let name = word("\(place): user", kind) { "\($0.uppercased())@firma.example" }
        users.append("\(name.uppercased())@firma.example")
        return "\(name.uppercased())@firma.example"
    }

    /// Records that can be read, one for each of `days` and one with a time in the future.
    mutating func goodLines(_ days: [String], _ kind: CanaryMark.Kind = .due) -> [String] {
        days.map { record("\($0)T10:00:00Z", "record of \($0)", kind) }
    }

    /// Lines that cannot be read, each for a reason of its own.
    mutating func badLines(_ kind: CanaryMark.Kind = .due) -> [[UInt8]] {
        let time = "2026-03-28T10:00:00Z"
        let cut = record(time, "cut off", kind).dropLast(7)
        let long = record(
            time, "too long", kind,
            extra: ",\"pad\":\"" + String(repeating: "x", count: 5000)
                + "\(word("behind the limit", kind))\"")
        let twice = record(
            time, "key twice", kind, extra: ",\"user\":\"\(word("second user", kind))\"")
        let deep = String(repeating: #"{"a":"#, count: 90)
        return [
            bytes(String(cut)), bytes(long), bytes(twice),
            bytes("[\"\(word("not an object", kind))\"]"),
            bytes("\(word("plain text", kind)) 192.0.2.1 \(word("more text", kind))"),
            bytes(record("yesterday", "bad time", kind)), bytes(record("", "no time", kind)),
            bytes(record(time, "behind the object", kind) + " \(word("tail", kind))"),
            bytes(record(time, "bad bytes", kind)) + [0xff, 0xfe]
                + bytes(word("behind bad bytes", kind)),
            bytes(String(record(time, "NUL", kind).dropLast())) + [0] + bytes("}"),
            bytes("\(deep)\"\(word("too deep", kind))\"" + String(repeating: "}", count: 90)),
        ]
    }

    // MARK: Other forms

    /// Rows of a table; the first line names columns unless it is left out.
    mutating func table(
        _ days: [String], header: Bool = true, isBroken: Bool = true
    ) -> String {
        let rows = days.map { day in
            let place = "row of \(day)"
            return "\(day)T10:00:00Z,\(word("\(place): customer")),\(user(place, .due)),"
                + "\(address("\(place): address")),\"\(agent(place, .due))\",\(page(place, .due)),"
                + "\"to \(word("\(place): text"))@firma.example\",\(word("\(place): unnamed"))"
        }
        let names = header ? ["ts,customer,user,ip,user_agent,path,message,note"] : []
        let ragged = "2026-02-01T10:00:00Z,\(word("a row that is cut off"))"
        let quoted = "2026-02-01T10:00:00Z,\"\(word("a quote that is not closed"))"
        return (names + rows + (isBroken ? [ragged, quoted] : [])).joined(separator: "\n") + "\n"
    }

    /// Lines of an access log, the last ones of no form.
    mutating func accessLog(_ days: ClosedRange<Int>, isBroken: Bool = true) -> String {
        let lines = days.map { number in
            let day = number + 10
            let place = "request of \(day)"
            return "\(address("\(place): address")) - \(word("\(place): user")) "
                + "[\(day)/Feb/2026:10:00:00 +0000] \"GET \(page(place, .due)) HTTP/1.1\" 200 512 "
                + "\"https://firma.example/?u=\(word("\(place): referer"))\" "
                + "\"\(agent(place, .due))\""
        }
        let huge =
            "192.0.2.1 - - [01/Feb/2026:10:00:00 +0000] \"GET /"
            + String(repeating: "h", count: 70_000) + word("a huge header")
        let broken = isBroken ? [word("no request"), huge] : []
        return (lines + broken).joined(separator: "\n") + "\n"
    }

    /// One gzip member whose header names somebody.
    mutating func namedGzip(_ plain: [UInt8]) throws -> [UInt8] {
        var member = try gzip(plain)
        member[3] |= 0x18
        let name = bytes("\(word("name in a gzip header")).log") + [0]
        let comment = bytes("of \(word("comment in a gzip header"))@firma.example") + [0]
        member.insert(contentsOf: name + comment, at: 10)
        return member
    }

    /// What the operator calls a source, and a folder of it.
    mutating func sourceName() -> String {
        "\(word("folder of a source", .sourceName))/\(word("file name", .sourceName)).jsonl"
    }
}
