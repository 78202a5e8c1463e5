/// The words that a field's name is made of, and what they say about its values.
///
/// Names are split where letters, digits and signs meet and where capitals begin: `userAgent`,
/// `user_agent` and `USER-AGENT` are the same two words. English and Dutch.
struct FieldName {
    let words: [String]

    init(_ name: String) {
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
        self.words = words
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

    enum Topic: Hashable {
        case user, customer, client, partner, personName, contact, personal, secret, agent, time
        case language, text, number, category, activity, record
    }

    private static let lists: [Topic: Set<String>] = [
        .user: [
            "user", "username", "userid", "login", "actor", "principal", "employee", "member",
            "operator", "author", "uid", "gebruiker", "gebruikersnaam", "medewerker",
        ],
        .customer: [
            "customer", "customerid", "tenant", "tenantid", "organisation", "organization", "org",
            "company", "subscription", "workspace", "account", "klant", "klantnummer", "bedrijf",
        ],
        .client: ["client", "clientid", "administration", "administratie"],
        .partner: ["partner", "reseller", "dealer"],
        .personName: [
            "firstname", "lastname", "surname", "fullname", "displayname", "givenname",
            "familyname", "contact", "naam", "voornaam", "achternaam", "contactpersoon",
        ],
        .contact: ["phone", "tel", "telephone", "mobile", "fax", "telefoon", "mobiel"],
        .personal: [
            "bsn", "ssn", "iban", "passport", "birth", "birthday", "birthdate", "dob", "gender",
            "street", "postcode", "zip", "zipcode", "postal", "city", "latitude", "longitude",
            "lat", "lon", "geo", "location", "port", "kvk", "vat", "btw", "salary", "geboortedatum",
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
        .language: ["lang", "language", "locale", "taal"],
        .text: [
            "message", "msg", "text", "body", "comment", "note", "remark", "description",
            "subject", "title", "error", "reason", "details", "search", "bericht", "opmerking",
            "omschrijving", "tekst", "zoekterm",
        ],
        .number: [
            "bytes", "size", "duration", "ms", "us", "seconds", "elapsed", "latency", "count",
            "total", "length", "rows", "items", "retries", "status", "code", "taken", "duur",
            "aantal", "grootte",
        ],
        .category: [
            "action", "event", "method", "verb", "status", "code", "level", "severity", "type",
            "kind", "protocol", "result", "outcome", "module", "feature", "operation", "scheme",
            "channel", "facility", "priority", "version", "app", "service", "component", "os",
            "browser", "platform", "actie", "soort", "niveau",
        ],
        .activity: ["action", "event", "feature", "operation", "module", "actie"],
        .record: ["id", "uuid", "guid", "request", "trace", "span", "correlation", "pid"],
    ]
}
