/// The invented companies and persons that the samples are about.
///
/// Domains end in `.example` (RFC 2606), addresses are those reserved for documentation (RFC 5737
/// and RFC 3849): none of them can be anybody's.
struct Cast {
    struct Customer {
        /// The organisation number, such as `NL-1042`.
        let number: String
        let domain: String
        /// The accounting office that serves the customer; some have none.
        let partner: String?
        /// The customer's own clients.
        let clients: [String]
    }

    struct Person {
        let customer: Customer
        let name: String
        let user: String
        let addresses: [String]
        let agent: Agent
        let language: String
        let screen: String
    }

    let customers: [Customer]
    let people: [Person]

    init(_ random: inout SampleRandom) {
        var customers: [Customer] = []
        for (index, domain) in Self.domains.enumerated() {
            let clients = (0..<random.number(2...5)).map { _ in "C-" + random.digits(5) }
            customers.append(
                Customer(
                    number: "NL-\(1042 + index * 7)", domain: domain + ".example",
                    partner: index % 5 == 4 ? nil : "P-0\(index % 4 + 1)", clients: clients))
        }
        self.customers = customers
        var people: [Person] = []
        for (index, name) in Self.names.enumerated() {
            let customer = customers[index % customers.count]
            people.append(Self.person(name, customer, index, &random))
        }
        self.people = people
    }

    private static func person(
        _ name: String, _ customer: Customer, _ index: Int, _ random: inout SampleRandom
    ) -> Person {
        let words = name.lowercased().split(separator: " ")
        let user = "\(words[0]).\(words.dropFirst().joined())@\(customer.domain)"
        let network = ["192.0.2", "198.51.100", "203.0.113"][index % 3]
        var addresses = ["\(network).\(random.number(2...250))"]
        if index % 3 == 0 {
            addresses.append("2001:db8:\(random.hexadecimal(2)):1::\(random.hexadecimal(4))")
        }
        if index % 4 == 1 { addresses.append("203.0.113.\(random.number(2...250))") }
        let language = index % 9 == 8 ? random.pick(languages) : "nl-NL"
        return Person(
            customer: customer, name: name, user: user, addresses: addresses,
            agent: random.pick(Agent.browsers), language: language, screen: random.pick(screens))
    }

    private static let languages = ["en-GB", "en-GB", "en-US", "de-DE", "nl-BE", "fr-BE", "sv-SE"]
    private static let screens = ["1920x1080", "1920x1200", "2560x1440", "1536x864", "390x844"]

    private static let domains = [
        "bakkerij-zwaan", "bouwbedrijf-terhorst", "kantoor-noord", "fietsen-vanloon",
        "praktijk-lindeboom", "atelier-bloem", "transport-dekker", "kwekerij-polder",
        "drukkerij-letter", "cafe-haven", "installatie-veen", "optiek-helder",
        "tandarts-molenweg", "hoveniers-groen",
    ]

    private static let names = [
        "Emma de Vries", "Daan Bakker", "Zoë Visser", "Lucas Smit", "Renée Meijer",
        "Bram de Boer", "Sanne Mulder", "Jesse de Groot", "Fleur Bos", "Thijs Vos",
        "Lotte Peters", "Ruben Hendriks", "Noor van Leeuwen", "Björn Dekker", "Iris Brouwer",
        "Koen de Wit", "Eva Dijkstra", "Sem Smits", "Anouk de Graaf", "Milan van der Meer",
        "Åsa Lindqvist", "Timo van der Linden", "Roos Kok", "Stijn Jacobs", "Femke de Haan",
        "Gijs Vermeulen", "Lieke van den Heuvel", "Niels van der Veen", "Elif Çelik",
        "Jasper van den Broek", "Maud de Bruijn", "Hugo de Bruin", "Julia Schouten",
        "Olaf van Beek", "Nina Willems", "Sven Hoekstra", "Amber Koster", "Teun Prins",
        "Mila Blom", "Pim Huisman", "Vera Peeters", "Rik Kuiper",
    ]
}

/// A user agent and what it says.
struct Agent {
    let text: String
    let system: String
    let browser: String

    /// More common ones stand here more often.
    static let browsers = [chrome, chrome, chrome, chrome, edge, edge, edge, firefox, safari, phone]

    private static let chrome = Agent(
        text: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            + "Chrome/126.0.0.0 Safari/537.36", system: "Windows", browser: "Chrome")
    private static let edge = Agent(
        text: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            + "Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0", system: "Windows", browser: "Edge")
    private static let firefox = Agent(
        text: "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
        system: "Linux", browser: "Firefox")
    private static let safari = Agent(
        text: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like "
            + "Gecko) Version/17.5 Safari/605.1.15", system: "macOS", browser: "Safari")
    private static let phone = Agent(
        text: "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
            + "like Gecko) Version/17.5 Mobile/15E148 Safari/604.1", system: "iOS",
        browser: "Safari")

    static let bots = [
        "ExampleBot/2.1 (+https://bot.example/about)", "curl/8.5.0", "python-requests/2.32.3",
        "Mozilla/5.0 (compatible; SampleSpider/1.0; +https://spider.example/)",
    ]
}
