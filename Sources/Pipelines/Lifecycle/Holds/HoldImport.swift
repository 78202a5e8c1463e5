internal import Anonymization
internal import FileSystem
internal import Ledger
internal import Records

/// Imports the file of holds that a pipeline names, at the start of a run.
///
/// The ledger is the authority: a hold that stands in the file and not in the ledger is raised; one
/// that no longer stands in the file goes on binding until it is released; one that stands there
/// with other words is a fault, because nobody could tell which of the two was meant.
struct HoldImport {
    let plan: Plan
    let ledger: Ledger
    let isDryRun: Bool

    /// Imports `file` and returns the difference, a sentence for each hold; a dry run only tells.
    func run(file: String) throws(PipelineFailure) -> [String] {
        let requests = try read(file)
        let known: [HoldRecord]
        do { known = try ledger.holds() } catch { throw StateRegistry.failure(error) }
        var notes: [String] = []
        var fresh: [NewHold] = []
        for request in requests {
            let name = request.name
            let earlier = known.first { $0.name.utf8.elementsEqual(name.utf8) }
            if isDryRun {
                if earlier == nil { notes.append("the hold \(name) would be raised") }
                continue
            }
            let hold = try make(request, file)
            guard let earlier else {
                fresh.append(hold)
                continue
            }
            guard hold == earlier.hold else {
                throw fault(
                    "the hold \(name) stands in the registry with other words; a hold is not "
                        + "changed: expected another name, or the words it was raised with", file)
            }
        }
        for hold in fresh {
            do { try ledger.raise(hold, time: plan.release.clocks.runClock.now) } catch {
                throw StateRegistry.failure(error)
            }
            notes.append("the hold \(hold.name) was raised from the file of holds")
        }
        return notes + missing(known, requests)
    }

    private func missing(_ known: [HoldRecord], _ requests: [HoldRequest]) -> [String] {
        let now = plan.release.clocks.runClock.now
        return known.filter { $0.mayBind(from: now) }.map(\.name).filter { name in
            !requests.contains { $0.name.utf8.elementsEqual(name.utf8) }
        }.map {
            "the hold \($0) does not stand in the file of holds; it binds until it is released or "
                + "ends"
        }
    }

    private func read(_ file: String) throws(PipelineFailure) -> [HoldRequest] {
        let bytes: [UInt8]
        do {
            bytes = try FileDescriptor.reading(file)
                .readAll(limitBytes: SettingLimits.fileBytesMax)
        } catch { throw fault("cannot read the file of holds: \(error)", file) }
        let faults = Faults()
        guard let requests = HoldFile.read(bytes, pipeline: plan.name, faults: faults) else {
            throw .faults(faults.sorted, file: file)
        }
        for (index, request) in requests.enumerated()
        where requests[..<index].contains(where: {
            $0.name.utf8.elementsEqual(request.name.utf8)
        }) {
            throw fault("two holds of the file have the same name", file)
        }
        return requests
    }

    private func make(_ request: HoldRequest, _ file: String) throws(PipelineFailure) -> NewHold {
        do throws(PipelineFailure) {
            return try HoldMaking(plan: plan, ledger: ledger).hold(request)
        } catch {
            guard case .usage(let sentence) = error else { throw error }
            throw fault("the hold \(request.name): \(sentence)", file)
        }
    }

    private func fault(_ sentence: String, _ file: String) -> PipelineFailure {
        .faults([SettingFault(sentence, at: .none)], file: file)
    }
}
