private import Anonymization
package import Pipelines
private import Records

/// The report of a run for machines: one JSON object on one line, its members always in the same
/// order, no value of any record.
package enum ReportJSON {
    /// The report of a run that did what it was asked; `withStages` tells how long each took.
    package static func json(_ report: RunReport, withStages: Bool = false) -> String {
        let head: [(name: String, value: JSONValue)] = [
            ("status", .integer(Int(ExitStatus.success))), ("failure", .null),
        ]
        let tail = withStages ? [(name: "profile", value: profile(report))] : []
        return JSONValue.object(head + members(report) + tail).json
    }

    private static func profile(_ report: RunReport) -> JSONValue {
        .object([
            ("workers", .integer(report.workers)),
            (
                "seconds",
                .object(
                    StageTimes.Stage.allCases.map { stage in
                        (name: stage.name, value: .seconds(report.stages.seconds(stage)))
                    })
            ),
            ("confined", .text(report.confinement)),
        ])
    }

    /// The failure of a run, with its report when there is one, and the faults of its pipeline.
    package static func json(_ failure: PipelineFailure, message: String) -> String {
        JSONValue.object(members(failure, message: message)).json
    }

    /// The members of the object for a failure: `status`, `failure`, and what else is known.
    package static func members(
        _ failure: PipelineFailure,
        message: String
    ) -> [(name: String, value: JSONValue)] {
        let head: [(name: String, value: JSONValue)] = [
            ("status", .integer(Int(failure.exitStatus))),
            (
                "failure",
                .object([("kind", .text(failure.kind)), ("message", .text(message))])
            ),
        ]
        switch failure {
        case .quarantineLimit(let report, _): return head + members(report)
        case .faults(let faults, let file), .tables(let faults, let file):
            return head + [("faults", .written(FaultReport.json(faults, file: file)))]
        default: return head
        }
    }

    private static func members(_ report: RunReport) -> [(name: String, value: JSONValue)] {
        let totals = report.totals
        return [
            ("pipeline", .text(report.pipeline)),
            ("dry_run", .boolean(report.isDryRun)),
            ("cut_off", report.cutOff.isEmpty ? .null : .text(report.cutOff)),
            ("elapsed_seconds", .seconds(report.elapsedSeconds)),
            ("conserved", .boolean(totals.isConserved)),
            ("totals", .object(counts(totals))),
            ("outputs", outputs(report)),
            ("statistics", statistics(report)),
            ("sources", .array(report.sources.map(source))),
            ("files", .array(report.files.map(file))),
            ("risks", .array(report.risks.map(RiskText.json))),
            ("aged_parts", .integer(report.agedParts)),
            ("expired_parts", .integer(report.expiredParts)),
            ("aged_records", .integer(report.agedRecords)),
            ("removed_again", .integer(report.removedAgain)),
            ("made_again", .integer(report.madeAgain)),
            ("ageing", .array(report.ageing.map(ageing))),
            ("keyless", .integer(report.keyless)),
            ("late_days", .integer(report.lateness?.days ?? 0)),
            ("store", report.store.map(store) ?? .null),
            ("held_parts", .integer(report.heldParts)),
            ("held_records", .integer(report.heldRecords)),
            ("binding_holds", .array(report.bindingHolds.map { .text($0) })),
            ("destroyed_keys", .array(report.destroyedKeys.map(destroyedKey))),
            ("closing_keys", .array(report.closingKeys.map(closingKey))),
            ("erased_again_keys", .array(report.erasedAgainKeys.map { .text($0) })),
            ("quarantine", .array(report.quarantine.map { entry($0, of: report) })),
            ("unmatched_opt_outs", .array(report.unmatchedOptOuts.map { .integer($0) })),
            (
                "unmatched_registry_opt_outs",
                .array(report.unmatchedRegistryOptOuts.map { .integer(Int($0)) })
            ),
            ("unreadable_cells", .array(report.unreadableCells.map(unreadableCells))),
            ("notes", .array(report.notes.map { .text($0) })),
        ]
    }

    private static func unreadableCells(_ cells: UnreadableCells) -> JSONValue {
        .object([
            ("table", .text(cells.table)), ("column", .text(cells.column)),
            ("unreadable", .integer(cells.count)), ("filled", .integer(cells.filled)),
        ])
    }

    private static func destroyedKey(_ key: DestroyedKey) -> JSONValue {
        .object([
            ("month", .text(key.month)), ("key_id", .text(key.keyID)),
            ("fingerprint", .text(key.fingerprint)), ("method", .text(key.method)),
        ])
    }

    private static func closingKey(_ key: ClosingKey) -> JSONValue {
        .object([
            ("month", .text(key.month)), ("key_id", .text(key.keyID)),
            ("reasons", .array(key.reasons.map { .text($0) })),
        ])
    }

    private static func counts(_ counts: RecordCounts) -> [(name: String, value: JSONValue)] {
        let reasons = QuarantineReason.allCases.compactMap { reason in
            counts.quarantined[reason].map { (name: reason.code, value: JSONValue.integer($0)) }
        }
        return [
            ("read", .integer(counts.read)),
            ("blank", .integer(counts.blank)),
            ("quarantined", .integer(counts.quarantinedTotal)),
            ("quarantined_by_reason", .object(reasons)),
            ("keyless", .integer(counts.keyless)),
            ("untimely", .integer(counts.untimely)),
        ]
    }

    private static func outputs(_ report: RunReport) -> JSONValue {
        .array(
            zip(report.outputNames, report.totals.outputs).map { name, counts in
                let reasons = DropReason.allCases.compactMap { reason in
                    counts.dropped[reason].map {
                        (name: reason.code, value: JSONValue.integer($0))
                    }
                }
                return .object([
                    ("name", .text(name)),
                    ("written", .integer(counts.written)),
                    ("kept", .integer(counts.kept)),
                    ("anonymised", .integer(counts.anonymised)),
                    ("held", .integer(counts.held)),
                    ("dropped", .integer(counts.droppedTotal)),
                    ("dropped_by_reason", .object(reasons)),
                ])
            }
        )
    }

    private static func statistics(_ report: RunReport) -> JSONValue {
        .array(
            zip(report.statisticNames, report.totals.observed).map { name, count in
                .object([("name", .text(name)), ("counted", .integer(count))])
            }
        )
    }

    private static func source(_ source: RunReport.Source) -> JSONValue {
        .object(
            [
                ("name", .text(source.name)),
                ("known", .boolean(source.wasKnown)),
                ("bytes", .integer(source.bytes)),
                ("known_bytes", .integer(source.knownBytes)),
                ("known_lines", .integer(source.knownLines)),
                ("open_bytes", .integer(source.openBytes)),
                ("changed", .boolean(source.wasChanged)),
            ] + counts(source.counts)
        )
    }

    private static func ageing(_ tally: AgeingTally) -> JSONValue {
        let reasons = DropReason.allCases.compactMap { reason in
            tally.dropped[reason].map { (name: reason.code, value: JSONValue.integer($0)) }
        }
        return .object([
            ("output", .text(tally.output)), ("anonymised", .integer(tally.anonymised)),
            ("dropped_by_reason", .object(reasons)), ("expired", .integer(tally.expired)),
            ("keyless", .integer(tally.keyless)),
        ])
    }

    private static func store(_ store: StoreReport) -> JSONValue {
        .object([
            ("name", .text(store.name)),
            ("token", .text(store.token)),
            ("changed", .integer(store.changed)),
            ("removed", .integer(store.removed)),
            ("held", .integer(store.held)),
            ("keyless", .integer(store.keyless)),
            ("untimely", .integer(store.untimely)),
            ("of_unknown_past", .integer(store.formed)),
            ("rewritten_files", .integer(store.rewrittenFiles)),
            ("settled_files", .integer(store.settledFiles)),
            ("kept_unreadable", .integer(store.keptUnreadable)),
            ("busy_files", .array(store.busy.map { .text($0) })),
            ("misdated_files", .array(store.misdated.map { .text($0) })),
            ("edited_files", .array(store.edited.map { .text($0) })),
            ("gone_files", .array(store.gone.map { .text($0) })),
            ("passed_over", .array(store.passedOver.map { .text($0) })),
            (
                "files",
                .array(
                    store.files.map { file in
                        .object([
                            ("path", .text(file.path)),
                            ("records", .integer(file.records)),
                            ("changed", .integer(file.changed)),
                            ("removed", .integer(file.removed)),
                            ("unreadable", .integer(file.unreadable)),
                            ("held", .integer(file.held)),
                            ("rewritten", .boolean(file.isRewritten)),
                        ])
                    })
            ),
        ])
    }

    private static func file(_ file: RunReport.File) -> JSONValue {
        .object([
            ("output", .text(file.output)),
            ("path", .text(file.path)),
            ("count", .integer(file.count)),
            ("records", .integer(file.records)),
            ("bytes", .integer(file.bytes)),
        ])
    }

    private static func entry(_ entry: QuarantineEntry, of report: RunReport) -> JSONValue {
        let isKnown = report.sources.indices.contains(entry.sourceIndex)
        return .object([
            ("source", .optional(isKnown ? report.sources[entry.sourceIndex].name : nil)),
            ("record", .integer(entry.recordNumber)),
            ("byte_offset", .integer(entry.byteOffset)),
            ("bytes", .integer(entry.length)),
            ("reason", .text(entry.reason.code)),
        ])
    }
}

extension PipelineFailure {
    /// The stable word for the failure in reports.
    package var kind: String {
        switch self {
        case .faults: "faults"
        case .tables: "tables"
        case .usage: "usage"
        case .source: "source"
        case .quarantineLimit: "quarantine-limit"
        case .storage: "storage"
        case .lostState: "lost-state"
        case .busy: "busy"
        case .keys: "keys"
        case .refused: "refused"
        case .unfinished: "unfinished"
        case .closedPipe: "closed-pipe"
        case .interrupted: "interrupted"
        case .internalFault: "internal-fault"
        case .behind(_, let cause): cause.kind
        }
    }
}
