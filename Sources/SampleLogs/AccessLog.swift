import Records

/// The access log of the website in the combined format, rotated once a month.
struct AccessLog {
    private let cast: Cast
    private var random: SampleRandom
    private var visitors: [(address: String, agent: String)] = []

    init(cast: Cast, random: SampleRandom) {
        self.cast = cast
        self.random = random
        for _ in 0..<70 {
            let network = self.random.pick(["192.0.2", "198.51.100", "203.0.113"])
            let address =
                self.random.happens(onceIn: 6)
                ? "2001:db8:\(self.random.hexadecimal(4))::\(self.random.hexadecimal(3))"
                : "\(network).\(self.random.number(2...250))"
            visitors.append((address, self.random.pick(Agent.browsers).text))
        }
    }

    /// The log of March and, rotated away, those of January and February.
    mutating func files() -> [SampleFile] {
        [
            SampleFile(path: "access/access.log", content: month(3, days: 1...31)),
            SampleFile(path: "access/access.log.1.gz", content: month(2, days: 1...28)),
            SampleFile(path: "access/access.log.2.gz", content: month(1, days: 10...31)),
        ]
    }

    private mutating func month(_ month: Int, days: ClosedRange<Int>) -> [UInt8] {
        var text = ""
        for day in days {
            let date = CivilDate(year: 2026, month: month, day: day).daysSince1970
            let moments = (0..<random.number(12...20)).map { _ in
                Moment(day: date, milliseconds: random.number(0...86_399) * 1000)
            }
            for moment in moments.sorted() { text += line(at: moment) + "\n" }
            if day % 9 == 4 { text += oddLine(at: Moment(day: date, milliseconds: 86_399_000)) }
        }
        return Array(text.utf8)
    }

    private mutating func line(at moment: Moment) -> String {
        if random.happens(onceIn: 9) { return botLine(at: moment) }
        if random.happens(onceIn: 4) {
            let person = random.pick(cast.people)
            let isNamed = random.happens(onceIn: 2)
            return entry(
                address: Identifiers.spelling(of: random.pick(person.addresses), &random),
                user: isNamed ? person.user : "-", moment,
                request: "GET /app/administrations/\(random.digits(5)) HTTP/1.1",
                agent: person.agent.text)
        }
        let visitor = random.pick(visitors)
        return entry(
            address: visitor.address, user: "-", moment,
            request: "GET \(random.pick(Self.pages)) HTTP/1.1", agent: visitor.agent)
    }

    private static let pages = [
        "/", "/", "/", "/", "/prijzen", "/prijzen", "/prijzen", "/functies", "/functies",
        "/demo?utm_source=nieuwsbrief&email=anna%40kantoor-noord.example", "/contact", "/contact",
        "/blog/btw-aangifte", "/assets/app.css",
    ]

    private mutating func botLine(at moment: Moment) -> String {
        entry(
            address: "198.51.100.\(random.number(200...254))", user: "-", moment,
            request: "GET \(random.pick(["/robots.txt", "/", "/sitemap.xml", "/wp-login.php"])) "
                + "HTTP/1.1", agent: random.pick(Agent.bots))
    }

    private mutating func entry(
        address: String, user: String, _ moment: Moment, request: String, agent: String
    ) -> String {
        let status = random.pick([200, 200, 200, 200, 200, 200, 304, 302, 404, 500])
        let size = status == 304 ? "-" : "\(random.number(180...48_000))"
        let referer = random.pick(["-", "-", "https://zoek.example/?q=boekhouden"])
        return "\(address) - \(user) [\(moment.accessLog)] \"\(request)\" \(status) \(size) "
            + "\"\(referer)\" \"\(agent)\""
    }

    /// What a server on the open net is sent: no request at all, a TLS greeting, a quote that is
    /// never closed, an overdone URL.
    private mutating func oddLine(at moment: Moment) -> String {
        let start = "203.0.113.\(random.number(2...250)) - - [\(moment.accessLog)] "
        switch random.number(1...4) {
        case 1: return start + "\"-\" 408 - \"-\" \"-\"\n"
        case 2: return start + #""\x16\x03\x01\x02" 400 226 "-" "-""# + "\n"
        case 3: return start + "\"GET /zoek?q=\"huur HTTP/1.1\" 400 226 \"-\n"
        default:
            let dots = String(repeating: "../", count: 40)
            return start + "\"GET /\(dots)etc/passwd HTTP/1.1\" 400 226 \"-\" \"curl/8.5.0\"\n"
        }
    }
}
