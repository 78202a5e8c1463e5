/// What the tables say of a person: the account's end, and that of the trial.
struct HistoryAccount {
    enum Change {
        /// The account ends; the name may stay so many days longer, or none.
        case end(HistoryDate, kept: Int?)
        /// It goes on after all, from a date on.
        case resume(HistoryDate)
        case endTrial(HistoryDate)
        /// The trial became a contract on a date.
        case convert(HistoryDate)
    }

    /// How many days behind the end of a trial its records go.
    static let trialDays = 2

    private(set) var ended: HistoryDate?
    /// Days, in place of none.
    private(set) var kept: Int?
    private(set) var resumed: HistoryDate?
    private(set) var trialEnded: HistoryDate?
    private(set) var converted: HistoryDate?

    mutating func take(_ change: Change) {
        switch change {
        case .end(let date, let days):
            ended = date
            kept = days
            resumed = nil
        case .resume(let date): resumed = date
        case .endTrial(let date):
            trialEnded = date
            converted = nil
        case .convert(let date): converted = date
        }
    }

    /// True when the name has to go by a clock that stands at `date`.
    func isNameDue(on date: HistoryDate) -> Bool {
        if let resumed, resumed <= date { return false }
        guard let ended else { return false }
        // With a length, what has ended before so many days is due; without, at once.
        return kept.map { ended.adding($0) < date } ?? (ended <= date)
    }

    /// True when the records have to go.
    func isTrialOver(on date: HistoryDate) -> Bool {
        if let converted, converted <= date { return false }
        return trialEnded.map { $0.adding(Self.trialDays) < date } ?? false
    }

    /// The month in which the name becomes due: its key makes the token.
    var nameMonth: String? { ended?.adding(kept.map { $0 + 1 } ?? 0).month }

    /// The cells of `accounts.csv` behind the user.
    var cells: String {
        [ended?.text, resumed?.text, kept.map { "P\($0)D" }].map { $0 ?? "" }
            .joined(separator: ",")
    }
}
