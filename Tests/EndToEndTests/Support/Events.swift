import TestSupport

/// An invented action, and the texts it can be written as.
struct Event {
    var time = ""
    var customer = ""
    var user = ""
    var address = ""
    var action = ""
    var agent = ""
    var path = ""
    var partner = ""
    var language = ""

    var json: String {
        #"{"ts":"\#(time)","customer":"\#(customer)","user":"\#(user)","ip":"\#(address)","#
            + #""action":"\#(action)","user_agent":"\#(agent)","path":"\#(path)","#
            + #""partner":"\#(partner)","lang":"\#(language)","#
            + #""client":{"os":"Linux","browser":"Firefox"}}"#
    }

    static let csvHeader = "ts,customer,user,ip,action,user_agent,path"

    var csv: String { "\(time),\(customer),\(user),\(address),\(action),\"\(agent)\",\(path)" }

    /// A line of the combined form; `clock` is `dd/Mon/yyyy:hh:mm:ss +0000`.
    func combined(_ clock: String) -> String {
        "\(address) - \(user) [\(clock)] \"GET \(path) HTTP/1.1\" 200 512 \"-\" \"\(agent)\""
    }
}

/// Invented events of 2026, repeatable by their seed.
struct EventMaker {
    static let agents = [
        "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            + "Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
            + "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
        "curl/8.5.0",
    ]
    static let actions = ["login", "invoice_sent", "password_reset", "search"]
    static let months = ["Jan", "Feb", "Mar", "Apr"]

    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    private func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// An event between January and 14 April, in seconds and UTC, and its access-log clock.
    mutating func next() -> (event: Event, clock: String) {
        let month = Int.random(in: 1...4, using: &random)
        let day = two(Int.random(in: 1...(month == 4 ? 14 : 28), using: &random))
        let hour = two(Int.random(in: 0...23, using: &random))
        let rest = (0..<2).map { _ in two(Int.random(in: 0...59, using: &random)) }
        var event = Event()
        let clock = "\(hour):\(rest[0]):\(rest[1])"
        event.time = "2026-0\(month)-\(day)T\(clock)Z"
        let number = Int.random(in: 0..<40, using: &random)
        event.customer = "NL-\(100 + number % 7)"
        event.partner = "P-\(number % 3)"
        event.user = "user\(number)@firma\(number % 7).example"
        event.address =
            Bool.random(using: &random)
            ? "203.0.113.\(Int.random(in: 1...254, using: &random))"
            : "2001:db8:\(String(number + 16, radix: 16)):1::\(number + 1)"
        event.action = Self.actions[Int.random(in: 0..<4, using: &random)]
        event.agent = Self.agents[Int.random(in: 0..<4, using: &random)]
        event.language = ["nl", "en", "de"][number % 3]
        event.path =
            number % 5 == 0 ? "/invite?to=user\(number)%40firma.example" : "/invoices/\(number)"
        return (event, "\(day)/\(Self.months[month - 1])/2026:\(clock) +0000")
    }

    mutating func events(_ count: Int) -> [Event] { (0..<count).map { _ in next().event } }

    mutating func jsonLines(_ count: Int) -> [UInt8] {
        bytes(events(count).map { $0.json + "\n" }.joined())
    }

    mutating func csvLines(_ count: Int) -> [UInt8] {
        bytes(events(count).map { $0.csv + "\n" }.joined())
    }

    mutating func combinedLines(_ count: Int) -> [UInt8] {
        bytes(
            (0..<count).map { _ in
                let (event, clock) = next()
                return event.combined(clock) + "\n"
            }.joined()
        )
    }
}
