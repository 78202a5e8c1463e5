internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// Asks everybody who uses a key store what they need its keys for.
struct KeyUsers {
    let store: KeyStore
    /// The clock of the run: holds bind or do not bind then.
    let now: EventTime
    /// The path of this pipeline's own state and its ledger, which is open already.
    let own: (path: String, ledger: Ledger)?

    /// The answers of all registered states, in the order of their paths, and of all pipelines
    /// without state; a state that cannot be asked answers that.
    func ask() throws(PipelineFailure) -> [KeyUser] {
        let states: [String]
        do throws(KeyFault) { states = try store.registeredStates() } catch {
            throw .keys("\(error)")
        }
        var users: [KeyUser] = []
        for path in states { users.append(try answer(path)) }
        do throws(KeyFault) {
            for pipeline in try store.registeredPipelines() {
                let use = KeyUse(pipelines: [
                    KeyUse.Pipeline(name: pipeline.name, needs: pipeline.needs, lastRun: nil)
                ])
                users.append(KeyUser(place: "the pipeline \(pipeline.name)", answer: .uses(use)))
            }
            return users
        } catch { throw .keys("\(error)") }
    }

    /// The state at hand must be readable: what it cannot tell would keep keys that are due.
    private func answer(_ path: String) throws(PipelineFailure) -> KeyUser {
        guard let own, own.path.utf8.elementsEqual(path.utf8) else {
            return KeyUser(place: path, answer: Self.ask(path, now: now))
        }
        do {
            return KeyUser(place: path, answer: .uses(try own.ledger.keyUse(now: now)))
        } catch { throw StateRegistry.failure(error) }
    }

    /// The answer of one state; a folder that is not there, not ours or damaged gives none.
    static func ask(
        _ path: String, now: EventTime, own: (path: String, ledger: Ledger)? = nil
    ) -> KeyUser.Answer {
        do throws(LedgerFault) {
            if let own, own.path.utf8.elementsEqual(path.utf8) {
                return .uses(try own.ledger.keyUse(now: now))
            }
            // Its lock would turn a run away that begins just now.
            let ledger = try Ledger.openForReading(stateDirectory: path, isLocking: false)
            return .uses(try ledger.keyUse(now: now))
        } catch {
            if error == .busy { return .busy }
            if case .file(let fault) = error { return .none(fault.reason) }
            return .none(error.description)
        }
    }
}
