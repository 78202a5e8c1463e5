import Anonymization
import Records

/// The list of opt-outs. It comes from elsewhere, like a reference table: what is wrong with it is
/// not a fault of the pipeline file.
extension Planner {
    func makeOptOuts(_ now: EventTime) -> (list: OptOutList, index: OptOutIndex) {
        let list = readOptOutFile().map(parseOptOutList) ?? OptOutList(entries: [])
        let index = OptOutIndex(
            list, now: now, purposes: purposes,
            missingCustomer: specification.optOuts == nil ? .allowed : missingCustomer)
        return (list, index)
    }

    /// How a record without a customer is taken once anybody has opted out.
    var missingCustomer: MissingCustomer {
        specification.identity.customer == nil
            || specification.optOuts?.missing.value == .allowed ? .allowed : .optedOut
    }

    private func readOptOutFile() -> [UInt8]? {
        if let given = world.optOuts { return given }
        guard let optOuts = specification.optOuts else { return nil }
        do { return try world.readFile(world.resolve(optOuts.file.value)) } catch {
            tableFaults.add(
                "cannot read the opt-out list: \(error)", at: optOuts.file.position,
                path: "opt_outs")
            return nil
        }
    }

    private func parseOptOutList(_ content: [UInt8]) -> OptOutList {
        let position = specification.optOuts?.file.position ?? .none
        do {
            let rows = try DelimitedRows(file: content.span)
            return try OptOutList(rows: rows, purposes: purposes, zone: zone)
        } catch let fault as ReferenceFault {
            addListFault(fault, position)
        } catch let faults as OptOutFaults {
            for fault in faults.all { addListFault(fault, position) }
        } catch {
            tableFaults.add("cannot read the opt-out list", at: position, path: "opt_outs")
        }
        return OptOutList(entries: [])
    }

    private func addListFault(_ fault: ReferenceFault, _ position: SettingPosition) {
        tableFaults.add(
            "the opt-out list, line \(fault.line): \(fault.expectation)", at: position,
            path: "opt_outs")
    }

    /// Without a memory of the last run nobody knows whether a list has shrunk.
    func noteUncheckedLists() {
        guard specification.state == nil, !world.isTrial else { return }
        let lists =
            specification.tables.map { "table \($0.name.value)" }
            + (specification.optOuts == nil ? [] : ["the opt-out list"])
        for list in lists {
            notes.append("\(list): whether it has shrunk is not checked without `state`")
        }
    }
}
