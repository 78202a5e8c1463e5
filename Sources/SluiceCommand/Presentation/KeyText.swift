package import Pipelines

/// Keys as people and machines read them.
package struct KeyText: Sendable {
    private let columnsMax: Int
    private let isVerbose: Bool

    package init(columnsMax: Int, isVerbose: Bool) {
        self.columnsMax = columnsMax
        self.isVerbose = isVerbose
    }

    // MARK: List

    /// A line for each key, and below it why it lives.
    package func text(_ report: KeyListReport) -> String {
        let seal = report.isWrapped ? ", sealed" : ""
        var lines = paragraph(
            "\(report.store): keys of months in \(report.zone)\(seal), "
                + NumberText.counted(report.users.count, "user"))
        if report.keys.isEmpty { lines.append("no key yet") }
        var table = TextTable([
            .text("month"), .text("key"), .text("state"), .text("since"), .text("may die from"),
            .text("run", shrinksTo: 12),
        ])
        for key in report.keys {
            table.add([
                key.month, shortID(key), key.state.rawValue,
                isVerbose ? key.since : key.sinceDay,
                isVerbose ? key.mayDieFrom : key.mayDieDay, key.run,
            ])
        }
        lines += table.isEmpty ? [] : [""] + table.lines(columnsMax: columnsMax)
        let reasons = report.keys.flatMap(reasons)
        lines += reasons.isEmpty ? [] : [""] + reasons
        let users = report.users.filter { isVerbose || !$0.fault.isEmpty }.flatMap(user)
        lines += users.isEmpty ? [] : [""] + users
        for month in report.erasedAgainKeys {
            lines += paragraph(
                "erased a key file of \(month) that lay beside the record of its destruction")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func shortID(_ key: KeyListReport.Entry) -> String {
        isVerbose ? key.fingerprint : String(key.keyID.suffix(16))
    }

    /// Active keys live because their month is young: that is told to who asks for more.
    private func reasons(_ key: KeyListReport.Entry) -> [String] {
        switch key.state {
        case .destroyed:
            return isVerbose ? paragraph("\(key.month): \(key.method), \(key.reason)") : []
        case .active where !isVerbose: return []
        case .active, .closing, .missing:
            if key.reasons.isEmpty {
                return paragraph("\(key.month): the next run destroys it")
            }
            return key.reasons.flatMap { paragraph("\(key.month): \($0)") }
        }
    }

    private func user(_ user: KeyListReport.User) -> [String] {
        paragraph(
            user.fault.isEmpty
                ? "used by \(user.place)" : "\(user.place) cannot be asked: \(user.fault)")
    }

    private func paragraph(_ text: String) -> [String] {
        wrapped(FaultReport.printable(text), columnsMax: columnsMax)
    }

    package static func json(_ report: KeyListReport) -> String {
        JSONValue.object([
            ("status", .integer(Int(ExitStatus.success))), ("failure", .null),
            ("pipeline", .text(report.pipeline)), ("store", .text(report.store)),
            ("zone", .text(report.zone)), ("sealed", .boolean(report.isWrapped)),
            ("keys", .array(report.keys.map(json))),
            (
                "users",
                .array(
                    report.users.map { user in
                        .object([
                            ("place", .text(user.place)),
                            ("fault", user.fault.isEmpty ? .null : .text(user.fault)),
                        ])
                    })
            ),
            ("erased_again_keys", .array(report.erasedAgainKeys.map { .text($0) })),
        ]).json
    }

    private static func json(_ key: KeyListReport.Entry) -> JSONValue {
        func known(_ text: String) -> JSONValue { text.isEmpty ? .null : .text(text) }
        return .object([
            ("month", .text(key.month)), ("key_id", .text(key.keyID)),
            ("fingerprint", .text(key.fingerprint)), ("state", .text(key.state.rawValue)),
            ("since", known(key.since)), ("run", known(key.run)),
            ("method", known(key.method)), ("reason", known(key.reason)),
            ("may_die_from", known(key.mayDieFrom)),
            (
                "lives_because",
                .array(
                    zip(key.codes, key.reasons).map { code, sentence in
                        .object([("code", .text(code)), ("sentence", .text(sentence))])
                    })
            ),
        ])
    }

    // MARK: Destroy and forget

    package static func text(_ report: KeyDestroyReport) -> String {
        let key = report.key
        let how = "\(key.method), \(report.time), by \(report.run): \(report.reason)"
        let head =
            report.wasDestroyed
            ? "the key of \(key.month) had been destroyed before"
            : "destroyed the key of \(key.month)"
        return FaultReport.printable("\(head) (\(how))") + "\n"
            + "key id       \(FaultReport.printable(key.keyID))\n"
            + "fingerprint  \(key.fingerprint)\n"
            + "Copies in backups are yours to destroy.\n"
    }

    package static func json(_ report: KeyDestroyReport) -> String {
        let key = report.key
        return JSONValue.object([
            ("status", .integer(Int(ExitStatus.success))), ("failure", .null),
            ("month", .text(key.month)), ("key_id", .text(key.keyID)),
            ("fingerprint", .text(key.fingerprint)), ("time", .text(report.time)),
            ("run", .text(report.run)), ("method", .text(key.method)),
            ("reason", .text(report.reason)), ("was_destroyed", .boolean(report.wasDestroyed)),
        ]).json
    }

    package static func text(_ report: KeyForgetReport) -> String {
        FaultReport.printable(
            "forgot the state \(report.state): it no longer keeps keys of \(report.store) alive")
            + "\nRecords that it still held cannot be aged out under their keys any more.\n"
    }

    package static func json(_ report: KeyForgetReport) -> String {
        JSONValue.object([
            ("status", .integer(Int(ExitStatus.success))), ("failure", .null),
            ("state", .text(report.state)), ("store", .text(report.store)),
        ]).json
    }

    // MARK: Rewrap

    package static func text(_ report: KeyRewrapReport) -> String {
        let keys = NumberText.counted(report.keys, "key")
        let registries = NumberText.counted(report.registries, "registry key")
        let what =
            report.isSealed
            ? "sealed"
            : report.wasSealed ? "plain now, sealed by nothing" : "plain, as before: not sealed"
        return "\(keys) of months and \(registries): \(what)\n"
            + "Copies in backups are as they were.\n"
    }

    package static func json(_ report: KeyRewrapReport) -> String {
        JSONValue.object([
            ("status", .integer(Int(ExitStatus.success))), ("failure", .null),
            ("store", .text(report.store)), ("keys", .integer(report.keys)),
            ("registry_keys", .integer(report.registries)), ("sealed", .boolean(report.isSealed)),
        ]).json
    }
}
