import Pipelines

/// What people do, as commands.
extension HistoryWorld {
    /// What comes before the first attempt at a deed.
    func prepare(_ deed: HistoryDay.Deed) throws {
        if case .rewrapKeys = deed { try changeCredential() }
    }

    /// Does what is asked for, in every pipeline that it concerns.
    func apply(_ deed: HistoryDay.Deed, on date: HistoryDate) throws {
        switch deed {
        case .account(let user, let change): try self.change(user, change)
        case .restoreKey: try restoreKey()
        case .destroyKeys: try destroyKeys(date)
        case .rewrapKeys: try rewrapKeys(date)
        case .restoreOutput(let isInPlace):
            try outputBackup.restore(to: path, isInPlace: isInPlace)
        case .optOut(let customer, let user, let effective):
            let subject = OptOutSubject(customer: customer, user: user)
            var request = OptOutRequest(pipeline: "\(path)/p.yaml", subject: subject)
            request.purposes = ["statistics"]
            request.now = date.text
            request.effective = effective.text
            _ = try Sluice.addOptOut(request)
        case .importOptOuts(let customers):
            let lines = customers.map { "\($0),statistics,\(date.text)\n" }
            try write("import.csv", "customer,purposes,effective_date\n" + lines.joined())
            _ = try Sluice.importOptOuts(
                pipeline: "\(path)/p.yaml", file: "\(path)/import.csv", now: date.text)
        case .withdraw(let customer):
            _ = try Sluice.withdrawOptOut(
                pipeline: "\(path)/p.yaml", id: nil, subject: OptOutSubject(customer: customer),
                date: nil, now: date.text)
        default:
            for name in Self.pipelines { try apply(deed, "\(path)/\(name).yaml", date) }
        }
    }

    private func apply(
        _ deed: HistoryDay.Deed, _ pipeline: String, _ date: HistoryDate
    ) throws {
        switch deed {
        case .raise(let hold):
            _ = try Sluice.raiseHold(request(hold, pipeline, date))
        case .release(let name):
            _ = try Sluice.releaseHold(
                pipeline: pipeline, name: name, by: "legal", now: date.text)
        case .eraseUser(let user):
            _ = try Sluice.eraseSubject(
                SubjectEraseRequest(subject: subject(.user, user, pipeline, date)))
        case .eraseAddress(let address):
            _ = try Sluice.eraseSubject(
                SubjectEraseRequest(subject: subject(.address, address, pipeline, date)))
        case .restrict(let user):
            _ = try Sluice.restrictSubject(subject(.user, user, pipeline, date), lifts: false)
        case .lift(let user):
            _ = try Sluice.restrictSubject(subject(.user, user, pipeline, date), lifts: true)
        case .rectify(let user):
            _ = try Sluice.rectifySubject(
                SubjectRectifyRequest(
                    subject: subject(.user, user, pipeline, date), field: "note",
                    text: Self.correction))
        default: break
        }
    }

    static let correction = "as agreed"

    private func request(
        _ hold: HistoryHold, _ pipeline: String, _ date: HistoryDate
    ) -> HoldRequest {
        var request = HoldRequest(
            pipeline: pipeline, name: hold.name, ground: .law(citation: "an order"),
            reason: "an inquiry", by: "legal")
        request.now = date.text
        request.users = [hold.user].compactMap { $0 }
        request.customers = [hold.customer].compactMap { $0 }
        request.addresses = hold.bindsNetwork ? [HistoryHold.network] : []
        request.from = hold.period?.from.text
        request.until = hold.period?.until.text
        request.end = hold.end?.text
        return request
    }

    private func subject(
        _ kind: SubjectRequest.Kind, _ value: String, _ pipeline: String, _ date: HistoryDate
    ) -> SubjectRequest {
        var request = SubjectRequest(pipeline: pipeline, kind: kind, value: value)
        request.now = date.text
        request.role = .controller
        request.identityCheck = "T-1"
        request.requestedBy = "desk"
        return request
    }

    /// The words of a deed that is worth killing; nil for others.
    func arguments(
        _ deed: HistoryDay.Deed, _ pipeline: String, _ date: HistoryDate
    ) -> [String]? {
        let answer = [
            "--role", "controller", "--identity-check", "T-1", "--by", "desk", "--now", date.text,
        ]
        switch deed {
        case .eraseUser(let user):
            return ["subject", "erase", pipeline, "--user", user] + answer
        case .rectify(let user):
            return ["subject", "rectify", pipeline, "--user", user, "--field", "note"]
                + ["--to", Self.correction] + answer
        case .optOut(let customer?, nil, let effective) where pipeline == "p.yaml":
            return ["opt-out", "add", pipeline, "--customer", customer, "--purpose", "statistics"]
                + ["--effective", effective.text, "--now", date.text]
        case .destroyKeys where pipeline == "a.yaml":
            guard let month = oldestKeys("keys-a").first else { return nil }
            return ["keys", "destroy", pipeline, "--month", month, "--now", date.text]
        case .rewrapKeys where pipeline == "w.yaml":
            return ["keys", "rewrap", pipeline, "--from-credential", "old-\(wrappingKey)"]
                + ["--now", date.text]
        default: return nil
        }
    }
}
