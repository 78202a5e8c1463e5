internal import Anonymization
internal import KeyedHashing
internal import Records
internal import Statistics

/// Where the key of a run comes from that is dealt out to many processes.
package enum RunKeySource: Hashable, Sendable {
    /// A file of this user only, on each node.
    case file(String)
    /// An inherited file descriptor, 3 or above, that is read to its end.
    case descriptor(Int32)
}

/// The keys of one task: those of the pipeline's key store, read and never made, or one key of the
/// run where a run on one machine takes a passing one.
final class TaskKeys {
    private let months: RunRing?
    private let passing: PassingRing?

    /// True when a plan needs a key of the run: its statistics tell persons apart, and it has no
    /// key store.
    static func needsRunKey(_ plan: Plan) -> Bool {
        plan.keyStore == nil && plan.state == nil && !plan.statistics.statistics.isEmpty
    }

    /// `name` is that of the run's key, as it was planned.
    init(_ plan: Plan, _ source: RunKeySource?, expecting name: String?) throws(PipelineFailure) {
        months = try KeyStoreAccess(plan: plan)?.ring(isDryRun: false, reading: true)
        passing = try Self.passing(plan, source)
        if let name, let passing, passing.keyID.text != name {
            throw .keys(
                "the key of the run is another one than that of the plan: expected the same key "
                    + "for `sluice plan` and all tasks")
        }
    }

    /// The key of the run; nil when the plan needs none.
    static func passing(
        _ plan: Plan, _ source: RunKeySource?
    ) throws(PipelineFailure) -> PassingRing? {
        guard needsRunKey(plan) else { return nil }
        do throws(KeyFault) {
            switch source {
            case .file(let path): return PassingRing(key: try SecretKey.load(deliveredAt: path))
            case .descriptor(let number):
                return PassingRing(key: try SecretKey.load(descriptor: number))
            case nil: break
            }
        } catch { throw .keys("\(error)") }
        throw .usage(
            "the statistics of this pipeline tell persons apart, and it has no key store: expected "
                + "--key-file or --key-fd, the same 32 random bytes for `plan` and all tasks")
    }

    /// Makes the tokens; nil when there are none to be made.
    var ring: (any KeyRing)? { months ?? passing }

    /// The names of the keys that made tokens, and of those that were gone.
    var names: [String] {
        if let passing { return [passing.keyID.text] }
        guard let months, let zone = months.store?.zone else { return [] }
        let gone = months.gone.map {
            "\(KeyEpoch(month: $0, zone: zone).text)/\(TaskManifest.goneKey)"
        }
        return (months.used.map(\.id.text) + gone).sorted()
    }

    /// The same for the head of a partial: keys that differ are never merged.
    var references: [PartialHeader.KeyReference] {
        names.map {
            PartialHeader.KeyReference(
                epoch: String(TaskManifest.epoch(ofKey: $0)), keyID: $0)
        }
    }

    /// Fails when a key could not be read.
    func check() throws(PipelineFailure) { try months?.check() }

    func release() { months?.release() }
}

extension KeyStoreAccess {
    /// Makes sure that every month from `first` to the one behind the day of the run has its key,
    /// but for those whose key was destroyed.
    func prepare(from first: CalendarMonth) throws(PipelineFailure) {
        let store = try open(creating: true)
        let last = CivilDate(daysSince1970: plan.release.clocks.runClock.date.daysSince1970 + 1)
        let months = first.index...max(
            first.index, CalendarMonth(year: last.year, month: last.month).index)
        guard months.count <= RunRing.freshKeysMax else {
            throw .usage("--first-month: expected one at most 50 years ago")
        }
        try prepare(months, in: store)
    }

    /// The same from the day of the run to that of `time`, 36 months at most.
    func prepare(until time: EventTime) throws(PipelineFailure) {
        let first = plan.release.clocks.runClock.date
        let last = CivilDate(daysSince1970: plan.release.zone.localDay(at: time))
        let start = CalendarMonth(year: first.year, month: first.month).index
        let end = CalendarMonth(year: last.year, month: last.month).index
        try prepare(start...min(max(start, end), start + 35), in: try open(creating: true))
    }

    private func prepare(
        _ months: ClosedRange<Int>, in store: KeyStore
    ) throws(PipelineFailure) {
        do throws(KeyFault) {
            for index in months {
                _ = try store.key(for: CalendarMonth(index: index), creatingIfMissing: true)
            }
            try store.register(pipeline: plan.name, needs: plan.keyNeeds)
        } catch { throw .keys("\(error)") }
    }
}
