import Records
import TestSupport

/// One invented event, as numbers: the texts are made when it is written.
package struct Event {
    /// Milliseconds since 1970.
    let time: Int
    let customer: Int
    let user: Int
    let action: Int
    let agent: Int
    let language: Int
    /// The number of the invoice, report or the like that the event is about.
    let subject: Int
    /// True for every twentieth: the path names somebody.
    let namesSomebody: Bool
    /// True for every fifth: the address is one of IPv6.
    let isModern: Bool
}

/// Invented events in the order of time, repeatable by their seed.
///
/// Unless all customers are equally busy, the number of the customer is the cube of an even choice.
/// Domains end in `.example` (RFC 2606) and addresses are those for documentation and benchmarks
/// (RFC 5737, RFC 3849, RFC 2544).
package struct EventSource {
    static let actions = [
        "login", "logout", "invoice_sent", "invoice_viewed", "report_viewed", "payment_booked",
        "document_uploaded", "password_reset", "search", "settings_changed",
    ]
    static let languages = ["nl-NL", "nl", "en-GB", "en-US", "de-DE", "fr-FR", "sv-SE", "fi"]
    static let agents: [(text: String, system: String, browser: String)] = [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Linux",
            "Firefox"
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
                + "Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0", "Windows", "Edge"
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
                + "Chrome/126.0.0.0 Safari/537.36", "Windows", "Chrome"
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
                + "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1", "iOS", "Safari"
        ),
        ("curl/8.5.0", "Other", "curl"),
    ]

    private var random: SeededGenerator
    private var made = 0
    private let perEvent: Int
    private let start: Int
    private let population: Population
    private let isUnique: Bool
    private static let end = CivilDate(year: 2026, month: 4, day: 15).daysSince1970 * 86_400_000

    /// Events of `population` for a workload of about `count`; with `isUnique` no user, address or
    /// subject comes twice.
    package init(seed: UInt64, count: Int, population: Population, isUnique: Bool) {
        random = SeededGenerator(seed: seed)
        let span = population.days * 86_400_000
        perEvent = max(1, span / max(1, count))
        start = Self.end - span
        self.population = population
        self.isUnique = isUnique
    }

    private mutating func customer(_ share: Double) -> Int {
        if population.isEven { return Int(random.next() % UInt64(population.customers)) }
        return Int(share * share * share * Double(population.customers))
    }

    package mutating func next() -> Event {
        let dice = random.next()
        let customer = customer(Double(dice & 0xffff) / 65536)
        let person = Int(dice >> 16 & 0xff) % Population.usersOfCustomer
        defer { made += 1 }
        return Event(
            time: start + made * perEvent + Int(dice >> 56) % max(1, perEvent),
            customer: customer,
            user: isUnique ? made : customer * Population.usersOfCustomer + person,
            action: Int(dice >> 24 & 0xff) % Self.actions.count,
            agent: (customer + person) % Self.agents.count,
            language: (customer + person) % Self.languages.count,
            subject: isUnique ? made : Int(dice >> 32 & 0x3ff),
            namesSomebody: dice >> 42 & 0xff < 13, isModern: (customer + person) % 5 == 0)
    }
}
