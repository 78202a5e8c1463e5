import Records

/// The action log: what people did in the bookkeeping service, one JSON object per line and one
/// file per day.
struct ActionLog {
    private let cast: Cast
    private var random: SampleRandom

    init(cast: Cast, random: SampleRandom) {
        self.cast = cast
        self.random = random
    }

    /// The days that are logged: month, day and how the file is written.
    private static let days: [(month: Int, day: Int, mess: Mess)] = [
        (1, 12, .marked), (1, 13, .none), (1, 24, .carriageReturns), (1, 27, .broken),
        (2, 9, .none), (2, 10, .broken), (2, 21, .unfinished), (2, 25, .badTimes),
        (3, 9, .broken), (3, 10, .anonymous), (3, 14, .blanks), (3, 16, .overlong),
        (3, 24, .broken), (3, 30, .none), (3, 31, .badTimes),
    ]

    /// All files of the log.
    mutating func files() -> [SampleFile] {
        Self.days.map { month, day, mess in
            let date = CivilDate(year: 2026, month: month, day: day)
            let lines = mess.applied(to: self.lines(on: date.daysSince1970), on: date, &random)
            // Days without office hours are short: those are the files to look at by eye.
            let ending = Self.isWeekend(date) ? ".jsonl" : ".jsonl.gz"
            return SampleFile(path: "actions/\(date.text)\(ending)", content: lines)
        }
    }

    private static func isWeekend(_ date: CivilDate) -> Bool { (date.daysSince1970 + 3) % 7 >= 5 }

    private mutating func lines(on day: Int) -> [String] {
        let isWeekend = Self.isWeekend(CivilDate(daysSince1970: day))
        var events: [(moment: Moment, line: String)] = []
        for person in cast.people where random.happens(onceIn: isWeekend ? 6 : 2) {
            addSession(of: person, on: day, hours: 7...11, to: &events)
            if random.happens(onceIn: 2) {
                addSession(of: person, on: day, hours: 13...18, to: &events)
            }
        }
        let inOrder = events.enumerated().sorted { left, right in
            (left.element.moment, left.offset) < (right.element.moment, right.offset)
        }
        return inOrder.map(\.element.line)
    }

    private mutating func addSession(
        of person: Cast.Person, on day: Int, hours: ClosedRange<Int>,
        to events: inout [(moment: Moment, line: String)]
    ) {
        var moment = Moment(
            day: day,
            milliseconds: random.number(hours) * 3_600_000 + random.number(0...3_599_999))
        let visit = Visit(
            person: person, address: random.pick(person.addresses),
            client: random.pick(person.customer.clients), session: random.hexadecimal(32))
        var actions = ["login"]
        if random.happens(onceIn: 12) { actions.insert("password_reset", at: 0) }
        for _ in 0..<random.number(2...6) { actions.append(random.pick(Action.everyday)) }
        if random.happens(onceIn: 15) { actions.append("fiscal_year_created") }
        if !random.happens(onceIn: 3) { actions.append("logout") }
        for action in actions {
            events.append((moment, line(action, visit, at: moment)))
            moment = moment.later(byMilliseconds: random.number(4000...900_000))
        }
    }

    /// Who acts, from where, for whom.
    private struct Visit {
        let person: Cast.Person
        let address: String
        let client: String
        let session: String
    }

    private mutating func line(_ action: String, _ visit: Visit, at moment: Moment) -> String {
        let person = visit.person
        let subject = Action(action, person, client: visit.client, &random)
        var members = [
            ("ts", quoted(moment.rfc3339)), ("customer", quoted(person.customer.number)),
            ("client", quoted(visit.client)),
            ("partner", person.customer.partner.map { quoted($0) } ?? "null"),
            ("user", quoted(person.user)),
            ("ip", quoted(Identifiers.spelling(of: visit.address, &random))),
            ("user_agent", quoted(person.agent.text)), ("language", quoted(person.language)),
            ("action", quoted(action)), ("path", quoted(subject.path)),
            ("session", quoted(visit.session)), ("duration_ms", "\(random.number(8...2400))"),
        ]
        if let message = subject.message { members.append(("message", quoted(message))) }
        members.append(
            (
                "device",
                "{\"os\":\(quoted(person.agent.system)),\"browser\":\(quoted(person.agent.browser))"
                    + ",\"screen\":\(quoted(person.screen))}"
            ))
        let line = "{" + members.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
        switch random.number(1...8) {
        case 1: return decomposed(line)
        case 2: return escapedBeyondASCII(line)
        default: return line
        }
    }
}

/// What the path and the message of an action say.
private struct Action {
    let path: String
    var message: String?

    /// More common ones stand here more often.
    static let everyday = [
        "search", "search", "invoice_viewed", "invoice_viewed", "invoice_sent", "invoice_sent",
        "report_viewed", "payment_booked", "document_uploaded", "settings_changed",
    ]

    init(_ name: String, _ person: Cast.Person, client: String, _ random: inout SampleRandom) {
        let administration = "/administrations/\(client.dropFirst(2))"
        let user = person.user.split(separator: "@").joined(separator: "%40")
        switch name {
        case "login": path = "/login?next=%2Fdashboard"
        case "logout": path = "/logout"
        case "password_reset":
            path = "/reset-password?token=\(random.hexadecimal(40))&user=\(user)"
            message = "Wachtwoord van \(person.user) gewijzigd vanaf \(person.addresses[0])"
        case "search": path = "/search?q=\(random.pick(["zwaan", "btw", "huur", "2025"]))&page=1"
        case "invoice_viewed": path = "\(administration)/invoices/\(random.digits(6))"
        case "invoice_sent":
            path = "\(administration)/invoices/\(random.digits(6))/send"
            message =
                "Factuur verzonden naar debiteur\(random.digits(2))@\(person.customer.domain)"
        case "payment_booked":
            path = "\(administration)/payments"
            message =
                random.happens(onceIn: 5)
                ? "Kaart \(Identifiers.card(&random)) geweigerd, \"opnieuw\" proberen"
                : "Betaling van \(Identifiers.iban(&random)) geboekt"
        case "fiscal_year_created": path = "\(administration)/fiscal-years/2026"
        case "settings_changed":
            path = "/users/\(user)/settings"
            message = "Naam gewijzigd in \(person.name)"
        default: path = "\(administration)/\(name)"
        }
    }
}
