import Records

/// Writes events in one form and shape.
package struct EventWriter {
    package let form: Form
    package let shape: Shape
    /// What the names of the fields of JSON Lines end in, for each copy of them.
    private let suffixes: [String]
    private let clock = Clock()

    /// Records of JSON Lines have all fields but the time `copies` times: `user`, `user_2` …
    package init(_ form: Form, _ shape: Shape, copies: Int = 1) {
        self.form = form
        self.shape = shape
        suffixes = [""] + (1..<max(copies, 1)).map { "_\($0 + 1)" }
    }

    /// What stands before the first record.
    package var head: String {
        form == .csv
            ? "ts,customer,partner,user,ip,action,lang,client_os,client_browser,path,user_agent\n"
            : ""
    }

    /// Bytes of a record, roughly: so many events fill ninety days.
    package var typicalLength: Int {
        switch shape {
        case .ordinary, .unique:
            form == .accessLog ? 190 : form == .csv ? 260 : 340 * suffixes.count
        case .wide: 3600
        case .deep: 700
        case .tiny: 62
        case .large: 30_400
        case .texts: 1700
        }
    }

    package func append(_ event: Event, to bytes: inout [UInt8]) {
        switch form {
        case .jsonLines, .gzip: appendJSON(event, to: &bytes)
        case .csv: appendCSV(event, to: &bytes)
        case .accessLog: appendLine(event, to: &bytes)
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    private func user(_ event: Event) -> String {
        "user\(event.user)@firm\(event.customer).example"
    }

    private func address(_ event: Event) -> String {
        if event.isModern {
            let high = String(event.user >> 16 & 0xffff, radix: 16)
            return "2001:db8:\(high):\(String(event.user & 0xffff, radix: 16))::1"
        }
        // 198.18.0.0/15 is for benchmarks; what does not fit there takes the private 10.0.0.0/8.
        let low = "\(event.user >> 8 & 0xff).\(event.user & 0xff)"
        return event.user < 1 << 17
            ? "198.\(18 + event.user >> 16).\(low)" : "10.\(event.user >> 16 & 0xff).\(low)"
    }

    private func path(_ event: Event) -> String {
        event.namesSomebody
            ? "/invite?to=user\(event.user)%40firm\(event.customer).example"
            : "/administrations/\(event.customer)/invoices/\(event.subject)"
    }

    private func appendJSON(_ event: Event, to bytes: inout [UInt8]) {
        let time = clock.rfc3339(event.time)
        if shape == .tiny {
            bytes.append(utf8: "{\"ts\":\"\(time)\",\"user\":\"u\(event.user)\",")
            bytes.append(utf8: "\"action\":\"login\"}")
            return
        }
        bytes.append(utf8: "{\"ts\":\"\(time)\"")
        for suffix in suffixes { appendFields(event, suffix, to: &bytes) }
        appendRest(event, to: &bytes)
        bytes.append(UInt8(ascii: "}"))
    }

    private func appendFields(_ event: Event, _ suffix: String, to bytes: inout [UInt8]) {
        let (agent, system, browser) = EventSource.agents[event.agent]
        append("customer", "NL-\(event.customer)", suffix, to: &bytes)
        append("partner", "P-\(event.customer % 60)", suffix, to: &bytes)
        append("user", user(event), suffix, to: &bytes)
        append("ip", address(event), suffix, to: &bytes)
        append("action", EventSource.actions[event.action], suffix, to: &bytes)
        append("lang", EventSource.languages[event.language], suffix, to: &bytes)
        bytes.append(utf8: ",\"client\(suffix)\":{\"os\":\"\(system)\",\"browser\":\"")
        bytes.append(utf8: "\(browser)\"}")
        append("path", path(event), suffix, to: &bytes)
        append("user_agent", agent, suffix, to: &bytes)
    }

    private func append(
        _ name: String, _ value: String, _ suffix: String, to bytes: inout [UInt8]
    ) {
        bytes.append(utf8: ",\"\(name)\(suffix)\":\"\(value)\"")
    }

    /// What a shape has beyond the ordinary fields.
    private func appendRest(_ event: Event, to bytes: inout [UInt8]) {
        switch shape {
        case .ordinary, .tiny, .unique: break
        case .wide:
            for index in 0..<190 { bytes.append(utf8: ",\"field\(index)\":\(event.subject)") }
        case .deep:
            bytes.append(utf8: ",\"tree\":")
            for _ in 0..<30 { bytes.append(utf8: "{\"next\":") }
            bytes.append(utf8: "\(event.subject)")
            for _ in 0..<30 { bytes.append(UInt8(ascii: "}")) }
        case .large:
            bytes.append(utf8: ",\"blob\":\"")
            for _ in 0..<1000 { bytes.append(utf8: "thirty bytes that nobody reads") }
            bytes.append(UInt8(ascii: "\""))
        case .texts:
            bytes.append(utf8: ",\"message\":\"")
            for turn in 0..<12 {
                bytes.append(utf8: "The invoice of \(event.subject + turn) euro was sent to ")
                bytes.append(utf8: "user\(event.user)@firm.example from \(address(event)). ")
            }
            bytes.append(UInt8(ascii: "\""))
        }
    }

    private func appendCSV(_ event: Event, to bytes: inout [UInt8]) {
        let (agent, system, browser) = EventSource.agents[event.agent]
        bytes.append(utf8: "\(clock.rfc3339(event.time)),NL-\(event.customer),")
        bytes.append(utf8: "P-\(event.customer % 60),\(user(event)),\(address(event)),")
        bytes.append(utf8: "\(EventSource.actions[event.action]),")
        bytes.append(utf8: "\(EventSource.languages[event.language]),\(system),\(browser),")
        bytes.append(utf8: "\(path(event)),\"\(agent)\"")
    }

    private func appendLine(_ event: Event, to bytes: inout [UInt8]) {
        bytes.append(utf8: "\(address(event)) - \(user(event)) [\(clock.accessLog(event.time))] ")
        bytes.append(utf8: "\"GET \(path(event)) HTTP/1.1\" 200 \(500 + event.subject) \"-\" \"")
        bytes.append(utf8: "\(EventSource.agents[event.agent].text)\"")
    }
}

extension [UInt8] {
    fileprivate mutating func append(utf8 text: String) { append(contentsOf: text.utf8) }
}

/// Times as logs write them, in UTC.
private struct Clock {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private func time(_ milliseconds: Int) -> String {
        let second = milliseconds / 1000 % 86_400
        return "\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60))"
    }

    func rfc3339(_ milliseconds: Int) -> String {
        "\(CivilDate(daysSince1970: milliseconds / 86_400_000).text)T\(time(milliseconds))Z"
    }

    func accessLog(_ milliseconds: Int) -> String {
        let date = CivilDate(daysSince1970: milliseconds / 86_400_000)
        return "\(two(date.day))/\(Self.months[date.month - 1])/\(date.year):"
            + "\(time(milliseconds)) +0000"
    }
}
