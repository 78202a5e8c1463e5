/// The words that a field's name is made of, and what they say about its values.
///
/// Names are split where letters, digits and signs meet and where capitals begin: `userAgent`,
/// `user_agent` and `USER-AGENT` are the same two words. Of a path the last member counts, with the
/// one before it when it says nothing alone, as in `user.id`. English and Dutch.
struct FieldName {
    let words: [String]
    /// True when the field lies inside another one, where names may be values.
    let isNested: Bool

    /// The words of `name`, which may be a path in formats whose records have members.
    init(_ name: String, isPath: Bool) {
        let members = isPath ? Self.members(name) : [name]
        let last = Self.words(of: members.last ?? name)
        let isGeneric = last.allSatisfy { Self.lists[.generic]?.contains($0) ?? false }
        let around = isGeneric ? members.dropLast().last.map(Self.words) ?? [] : []
        words = around + last
        isNested = members.count > 1
    }

    /// The members of a path: a dot behind a backslash belongs to a name.
    private static func members(_ path: String) -> [String] {
        var members: [[UInt8]] = [[]]
        var isEscaped = false
        for byte in path.utf8 {
            if byte == UInt8(ascii: "."), !isEscaped {
                members.append([])
            } else {
                members[members.count - 1].append(byte)
            }
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        }
        return members.map { String(decoding: $0, as: UTF8.self) }
    }

    private static func words(of name: String) -> [String] {
        var words: [String] = []
        var word: [UInt8] = []
        var wasLower = false
        for byte in name.utf8 {
            let lower = byte | 0x20
            let isLetter = lower &- UInt8(ascii: "a") < 26
            let isCapital = isLetter && byte & 0x20 == 0
            if !isLetter || isCapital && wasLower, !word.isEmpty {
                words.append(String(decoding: word, as: UTF8.self))
                word = []
            }
            if isLetter { word.append(lower) }
            wasLower = isLetter && !isCapital
        }
        if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
        return words
    }

    /// True when one of the words, or two neighbours written as one, belong to `topic`.
    func speaks(of topic: Topic) -> Bool {
        let pairs = zip(words, words.dropFirst()).map { $0 + $1 }
        return (words + pairs).contains { Self.lists[topic]?.contains($0) ?? false }
    }

    /// True when the last word belongs to `topic`: `user_count` is a count, not a user.
    func ends(in topic: Topic) -> Bool {
        words.last.map { Self.lists[topic]?.contains($0) ?? false } ?? false
    }

    /// True when any word is one that fields are called by, so that the name can be told.
    var isKnown: Bool { Topic.allCases.contains { speaks(of: $0) } }

    enum Topic: Hashable, CaseIterable {
        case user, customer, client, partner, personName, contact, personal, secret, agent, time
        case change, language, text, url, number, answer, category, activity, record, shared
        case generic
    }

    private static let lists: [Topic: Set<String>] = [
        .user: [
            "user", "username", "userid", "login", "actor", "principal", "employee", "member",
            "operator", "author", "gebruiker", "gebruikersnaam", "medewerker",
        ],
        .customer: [
            "customer", "customerid", "tenant", "tenantid", "organisation", "organization", "org",
            "company", "subscription", "workspace", "account", "klant", "klantnummer", "bedrijf",
        ],
        .client: ["client", "clientid", "administration", "administratie"],
        .partner: ["partner", "reseller", "dealer"],
        // Names that may be a customer's as well as somebody else's.
        .shared: ["account", "org", "client", "subscription", "workspace"],
        .personName: [
            "name", "names", "firstname", "lastname", "surname", "fullname", "displayname",
            "givenname", "familyname", "contact", "owner", "person", "naam", "voornaam",
            "achternaam", "contactpersoon", "persoon", "relatie", "debtor", "debiteur",
        ],
        .contact: [
            "email", "mail", "phone", "tel", "telephone", "mobile", "fax", "telefoon", "mobiel",
        ],
        .personal: [
            "bsn", "ssn", "iban", "passport", "birth", "birthday", "birthdate", "born", "dob",
            "gender", "street", "postcode", "zip", "zipcode", "post", "postal", "city",
            "latitude", "longitude", "lat", "lon", "geo", "location", "port", "home", "hostname",
            "kvk", "vat", "btw", "salary", "geboortedatum", "geboren", "geb", "verjaardag",
            "straat", "woonplaats", "salaris",
        ],
        .secret: [
            "password", "passwd", "pwd", "secret", "token", "session", "sessionid", "sid",
            "cookie", "authorization", "auth", "apikey", "key", "jwt", "csrf", "nonce", "otp",
            "pin", "credential", "credentials", "signature", "fingerprint", "wachtwoord", "sessie",
        ],
        .agent: ["agent", "useragent", "ua"],
        .time: [
            "ts", "time", "timestamp", "datetime", "date", "at", "created", "updated", "closed",
            "when", "start", "end", "datum", "tijd", "tijdstip",
        ],
        .change: [
            "ts", "timestamp", "created", "updated", "modified", "changed", "closed", "opened",
            "start", "started", "end", "ended", "finished",
        ],
        .language: ["lang", "language", "locale", "taal"],
        .text: [
            "message", "msg", "text", "body", "comment", "note", "remark", "description",
            "subject", "title", "error", "reason", "details", "search", "bericht", "opmerking",
            "omschrijving", "tekst", "zoekterm",
        ],
        .url: [
            "url", "uri", "path", "page", "request", "referer", "referrer", "href", "link", "stem",
            "pagina",
        ],
        .number: [
            "bytes", "size", "duration", "ms", "us", "seconds", "elapsed", "latency", "count",
            "total", "length", "rows", "items", "retries", "taken", "duur", "aantal", "grootte",
        ],
        // What a server answered, as a number.
        .answer: ["status", "statuscode"],
        .category: [
            "action", "event", "method", "verb", "status", "level", "severity", "type",
            "kind", "protocol", "result", "outcome", "module", "feature", "operation", "scheme",
            "channel", "facility", "priority", "version", "app", "service", "component", "os",
            "browser", "platform", "actie", "soort", "niveau",
        ],
        .activity: ["action", "event", "feature", "operation", "module", "actie"],
        .record: ["id", "uid", "uuid", "guid", "trace", "span", "correlation", "pid"],
        .generic: ["id", "name", "value", "v", "key", "number", "nr", "code", "uuid"],
    ]
}
