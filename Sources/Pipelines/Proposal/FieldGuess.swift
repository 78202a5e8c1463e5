internal import Anonymization
internal import LogFormats
internal import Records

/// What a field seems to hold, and what is proposed for it.
///
/// In doubt a field is dropped: what a log holds can be told from a sample only so far, and a field
/// that is missing is noticed sooner than one that should have been.
struct FieldGuess {
    enum Role: Hashable {
        case time, otherTime, address, user, customer, client, partner, email, agent, language, url
        case category, number, flag
        case dropped
    }

    let name: String
    let role: Role
    /// Why, in words for a comment behind the rule.
    let reason: String
    /// True when somebody should look at it before the pipeline runs.
    let isUnsure: Bool
    /// How its times are written.
    var timeForm: TimeFormat?
    /// The look that most of its values have.
    var look: ValueLook
    let isRepeated: Bool
    /// How many values were seen.
    let valueCount: Int

    /// A guess for each field of `survey`; `times` are the fields that the time of a record is
    /// read from. With `hasPaths` names are paths.
    static func all(
        _ survey: FieldSurvey, times: [String], hasPaths: Bool
    ) -> [FieldGuess] {
        survey.fields.map { field in
            if times.contains(field.name) {
                return FieldGuess(field, .time, "when it happened", timeForm: field.timeForm)
            }
            return of(field, FieldName(field.name, isPath: hasPaths))
        }
    }

    private init(
        _ field: FieldSurvey.Field, _ role: Role, _ reason: String, unsure: Bool = false,
        timeForm: TimeFormat? = nil
    ) {
        name = field.name
        self.role = role
        self.reason = reason
        isUnsure = unsure
        self.timeForm = timeForm
        look = field.looks.max { $0.value < $1.value }?.key ?? .word
        isRepeated = field.isRepeated
        valueCount = field.count
    }

    // MARK: Rules

    private static func of(_ field: FieldSurvey.Field, _ name: FieldName) -> FieldGuess {
        guard field.looks.values.contains(where: { $0 > 0 }) else {
            return FieldGuess(field, .dropped, "no value was seen", unsure: true)
        }
        return byLook(field, name) ?? byDanger(field, name) ?? byMeasure(field, name)
            ?? byIdentity(field, name) ?? byBoth(field, name)
            ?? FieldGuess(field, .dropped, undecided, unsure: true)
    }

    private static let undecided = "keep it only if it identifies nobody"

    /// Looks that leave no doubt, whatever the field is called.
    private static func byLook(_ field: FieldSurvey.Field, _ name: FieldName) -> FieldGuess? {
        if field.share(.address) >= 0.5 {
            return FieldGuess(field, .address, "an IP address: network only")
        }
        if field.share(.email) >= 0.5 {
            return name.speaks(of: .user)
                ? FieldGuess(field, .user, "who acted: a token")
                : FieldGuess(
                    field, .email, "an e-mail address: large public providers only",
                    unsure: !name.speaks(of: .contact))
        }
        if field.share(.agent) >= 0.5 || name.speaks(of: .agent) && field.share(.number) < 0.5 {
            return FieldGuess(field, .agent, "a user agent: browser and system")
        }
        if field.share(.language) >= 0.5 {
            return FieldGuess(field, .language, "a language, without its region")
        }
        return nil
    }

    /// Names of what should not stay in any form.
    private static func byDanger(_ field: FieldSurvey.Field, _ name: FieldName) -> FieldGuess? {
        if name.speaks(of: .secret) {
            return FieldGuess(field, .dropped, "a secret, or something that joins records")
        }
        // `user_name` is the name by which a user is known to the software.
        let isNameOfUser = name.speaks(of: .user) && name.ends(in: .generic)
        if name.speaks(of: .personal) || name.speaks(of: .contact)
            || name.speaks(of: .personName) && !isNameOfUser
        {
            return FieldGuess(field, .dropped, "personal by its name")
        }
        return nil
    }

    /// Times and numbers, which say how much or when, and not who.
    private static func byMeasure(_ field: FieldSurvey.Field, _ name: FieldName) -> FieldGuess? {
        if let form = field.timeForm, !form.isNumeric || name.speaks(of: .time) {
            return FieldGuess(
                field, .otherTime, "another time: its day", unsure: !name.speaks(of: .change),
                timeForm: form)
        }
        if field.share(.flag) >= 0.9 { return FieldGuess(field, .flag, "true or false") }
        guard field.share(.number) >= 0.9 else { return nil }
        let isSomebodys = [.user, .customer, .client, .partner].contains { name.speaks(of: $0) }
        if name.ends(in: .number) || name.speaks(of: .number) && !isSomebodys {
            return FieldGuess(field, .number, "a number")
        }
        if name.speaks(of: .answer), !field.hasLongNumbers, !isSomebodys {
            return FieldGuess(field, .number, "a status")
        }
        return nil
    }

    private static func byIdentity(_ field: FieldSurvey.Field, _ name: FieldName) -> FieldGuess? {
        if field.share(.url) >= 0.5 {
            return name.speaks(of: .url)
                ? FieldGuess(
                    field, .url, "no query, no ids; words in the path stay", unsure: true)
                : FieldGuess(field, .dropped, "a path or URL, which may name anybody")
        }
        // `client_id` is a client, `client_port` is not.
        let isClient = name.ends(in: .client) || name.speaks(of: .client) && name.ends(in: .generic)
        let roles: [(Bool, Role, String)] = [
            (name.speaks(of: .user), .user, "who acted: a token"),
            (name.speaks(of: .customer), .customer, "the customer: a token"),
            (isClient, .client, "the customer's client: a token"),
            (name.speaks(of: .partner), .partner, "the partner: a token"),
        ]
        guard let (_, role, reason) = roles.first(where: \.0) else { return nil }
        return FieldGuess(field, role, reason, unsure: name.speaks(of: .shared))
    }

    private static func byBoth(_ field: FieldSurvey.Field, _ name: FieldName) -> FieldGuess? {
        if name.speaks(of: .language), field.share(.word) + field.share(.language) >= 0.9 {
            return FieldGuess(field, .language, "a language, without its region")
        }
        if field.share(.token) >= 0.5 || name.ends(in: .record) {
            return FieldGuess(field, .dropped, "an id: it joins records with other logs")
        }
        if name.speaks(of: .text) || field.share(.text) >= 0.2 {
            return FieldGuess(
                field, .dropped, "free text: `redact` would leave names in it", unsure: true)
        }
        if name.ends(in: .category), field.distinctCount <= 50, isPlain(field) {
            return FieldGuess(
                field, .category, "one of a few words",
                unsure: field.count < 20 || field.distinctCount > 30)
        }
        return nil
    }

    /// True when every value is a word or a short number: no single one looks like somebody's.
    private static func isPlain(_ field: FieldSurvey.Field) -> Bool {
        !field.hasLongNumbers
            && field.looks.keys.allSatisfy { [.word, .number, .flag].contains($0) }
    }
}

extension FieldSurvey.Field {
    /// The share of the values with this look, among those that are not empty.
    fileprivate func share(_ look: ValueLook) -> Double {
        let all = looks.values.reduce(0, +)
        let fitting = looks.reduce(0) { sum, entry in
            entry.key == look || look == .number && entry.key.isNumericTime
                ? sum + entry.value : sum
        }
        return all == 0 ? 0 : Double(fitting) / Double(all)
    }

    /// How nine of ten values are written, when that is one form of time.
    var timeForm: TimeFormat? {
        let all = looks.values.reduce(0, +)
        for (look, count) in looks where count * 10 >= all * 9 {
            if case .time(let form) = look { return form }
        }
        return nil
    }
}

extension ValueLook {
    /// True for numbers that could be times.
    fileprivate var isNumericTime: Bool {
        if case .time(let form) = self { return form.isNumeric }
        return false
    }
}

extension TimeFormat {
    /// True when any number may be meant.
    var isNumeric: Bool {
        switch self {
        case .epochSeconds, .epochMilliseconds, .epochNanoseconds: true
        default: false
        }
    }
}
