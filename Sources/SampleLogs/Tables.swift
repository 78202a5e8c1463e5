import Records

/// The tables beside the logs: information requests and opt-outs.
enum Tables {
    /// Requests for information from the website, and when each was handled: nothing for those
    /// that are open.
    static func requests(_ cast: Cast, _ random: inout SampleRandom) -> [SampleFile] {
        var text = "request,created_at,topic,name,email,company,question\n"
        var handled = "request,handled_on\n"
        let first = CivilDate(year: 2024, month: 12, day: 2).daysSince1970
        let last = CivilDate(year: 2026, month: 3, day: 30).daysSince1970
        var day = first
        var number = 0
        while day <= last {
            let created = Moment(day: day, milliseconds: random.number(28_800...64_800) * 1000)
            let request = request(number, created, until: last, cast, &random)
            text += request.row
            handled += "\(identifier(number)),\(request.handledOn)\n"
            if number == 40 {
                text += "\(identifier(number)),\(created.dateTime),vraag zonder de rest\n"
            }
            day += random.number(2...8)
            number += 1
        }
        return [
            SampleFile(path: "requests.csv", content: Array(text.utf8)),
            SampleFile(path: "handled.csv", content: Array(handled.utf8)),
        ]
    }

    private static func identifier(_ number: Int) -> String { "I-\(padded(number + 1, 3))" }

    private static func request(
        _ number: Int, _ created: Moment, until last: Int, _ cast: Cast,
        _ random: inout SampleRandom
    ) -> (row: String, handledOn: Substring) {
        let person = random.pick(cast.people)
        let handled = created.later(byMilliseconds: random.number(1...20) * 86_400_000)
        let isOpen = handled.day > last || number % 11 == 10
        let question = random.pick(Self.questions)
        let cells = [
            identifier(number), created.dateTime, question.topic,
            number % 7 == 3 ? decomposed(person.name) : person.name,
            person.user, person.customer.domain, question.text,
        ]
        let row = cells.map(cell).joined(separator: ",") + "\n"
        return (row, isOpen ? "" : handled.dateTime.prefix(10))
    }

    /// A cell as RFC 4180 writes it.
    static func cell(_ text: String) -> String {
        let special: Set<Unicode.Scalar> = [",", "\"", "\n"]
        guard text.unicodeScalars.contains(where: special.contains) else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\"\"") + "\""
    }

    private static let questions: [(topic: String, text: String)] = [
        ("prijs", "Wat kost het pakket voor twee administraties?"),
        ("koppeling", "Werkt de koppeling met onze bank, en hoe?"),
        ("demo", "Graag een demo.\nLiefst op dinsdag."),
        ("overstap", "Wij gebruiken nu \"Oud Boek\". Kan alles mee?"),
        ("prijs", "Bel mij op kantoor over de jaarprijs"),
    ]

    /// Customers and persons who do not want their data used, among them an opt-out that was
    /// withdrawn and a customer that no record names.
    static func optOuts(_ cast: Cast) -> SampleFile {
        let customers = cast.customers.map(\.number)
        let text = """
            customer,person,purposes,categories,effective_date,withdrawn_date
            \(customers[0]),,*,,2026-02-15,
            \(customers[3]),,statistics;service-improvement,technical,2026-01-20,
            ,\(cast.people[14].user),*,,2026-03-01,
            \(customers[6]),,service-improvement,,2026-01-05,2026-03-20
            NL-1999,,*,,2026-01-01,

            """
        return SampleFile(path: "opt-outs.csv", content: Array(text.utf8))
    }
}
