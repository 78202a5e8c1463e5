import Records

/// The tables that clocks look dates up in, and the lists that are aged by them.
enum Registers {
    /// When the period of the samples ends.
    private static let last = CivilDate(year: 2026, month: 3, day: 31).daysSince1970

    /// Accounts of the bookkeeping service; an empty `deactivated_on` is an active one.
    static func accounts(_ cast: Cast) -> SampleFile {
        let rows = cast.people.enumerated().map { index, person in
            [person.user, index % 6 == 5 ? date(last - index * 5) : ""]
        }
        return file("accounts.csv", ["user", "deactivated_on"], rows)
    }

    /// Customers: trials, those that stayed after one, those that left, and those that asked for
    /// a shorter time in the log.
    static func customers(_ cast: Cast) -> SampleFile {
        let rows = cast.customers.enumerated().map { index, customer in
            [
                customer.number,
                index % 4 == 2 ? date(last - 40 - index) : "",
                index % 8 == 2 ? date(last - 45 - index) : "",
                index % 7 == 5 ? date(last - 30 + index) : "",
                index % 5 == 3 ? "P14D" : "",
            ]
        }
        return file(
            "customers.csv",
            ["customer", "trial_ends_on", "converted_on", "contract_ended_on", "log_retention"],
            rows)
    }

    /// People who asked to be kept informed.
    static func contacts(_ cast: Cast) -> SampleFile {
        let rows = cast.people.enumerated().map { index, person in
            ["\(date(last - 1200 + index * 9)) 10:30:00", person.user, person.name]
                + [person.customer.domain]
        }
        return file("contacts.csv", ["registered_at", "email", "name", "company"], rows)
    }

    /// The last activity of each contact, and when it left its company.
    static func activity(_ cast: Cast) -> SampleFile {
        let rows = cast.people.enumerated().map { index, person in
            [
                person.user, date(last - 900 + index * 20),
                index % 9 == 4 ? date(last - 60 + index) : "",
            ]
        }
        return file("activity.csv", ["email", "last_activity_on", "left_on"], rows)
    }

    /// Job applications.
    static func applications(_ cast: Cast) -> SampleFile {
        let rows = cast.people.enumerated().filter { $0.offset % 3 == 0 }.map { index, person in
            [
                "\(date(last - 420 + index * 10)) 20:15:00", vacancy(index / 9), person.name,
                "sollicitant\(index)@post.example", "Graag solliciteer ik.\nTot ziens!",
            ]
        }
        return file(
            "applications.csv", ["received_at", "vacancy", "name", "email", "letter"], rows)
    }

    /// Vacancies; an empty `closed_on` is an open one.
    static func vacancies() -> SampleFile {
        let rows = (0..<5).map { index in
            [vacancy(index), index == 4 ? "" : date(last - 330 + index * 80)]
        }
        return file("vacancies.csv", ["vacancy", "closed_on"], rows)
    }

    /// Support tickets, from company addresses and from those of a large provider, with what
    /// customers let the support desk see of their administration.
    static func tickets(_ cast: Cast) -> SampleFile {
        let rows = cast.people.enumerated().filter { $0.offset % 2 == 0 }.map { index, person in
            let contact = index % 4 == 0 ? person.user : "klant\(index)@post.example"
            let topic = ["factuur", "koppeling", "aangifte"][index / 2 % 3]
            return [
                "\(date(last - 75 + index * 2)) 09:15:00", person.customer.number, contact, topic,
                "De \(topic) gaat fout. Mail mij op \(contact).",
                index % 6 == 0 ? "grootboek 8000, debiteur \(person.user)" : "",
            ]
        }
        return file(
            "tickets.csv", ["opened_at", "customer", "contact", "topic", "message", "excerpt"],
            rows)
    }

    private static func vacancy(_ number: Int) -> String { "V-2025-\(padded(number + 1, 2))" }

    private static func date(_ day: Int) -> String { CivilDate(daysSince1970: day).text }

    private static func file(
        _ path: String, _ columns: [String], _ rows: [[String]]
    ) -> SampleFile {
        let lines = ([columns] + rows).map { $0.map(Tables.cell).joined(separator: ",") + "\n" }
        return SampleFile(path: path, content: Array(lines.joined().utf8))
    }
}
