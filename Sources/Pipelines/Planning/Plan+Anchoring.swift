internal import FileSystem
internal import KeyedHashing

extension Plan {
    /// The plan with absolute paths of everything the ledger remembers: the next run may be started
    /// in another folder and must find it all the same.
    func anchored(at folder: String) -> Plan {
        var plan = self
        if let state { plan.mark = .of("state", Pipelines.anchored(state, at: folder)) }
        plan.keyStore = keyStore.map { Pipelines.anchored($0, at: folder) }
        plan.state = state.map { Pipelines.anchored($0, at: folder) }
        plan.quarantine.path = quarantine.path.map { Pipelines.anchored($0, at: folder) }
        plan.holds = holds.map { Pipelines.anchored($0, at: folder) }
        for index in outputs.indices {
            plan.outputs[index].path = outputs[index].path.anchored(at: folder)
        }
        for index in tables.indices {
            plan.tables[index].paths = tables[index].paths.map {
                ($0.path.anchored(at: folder), $0.format)
            }
        }
        plan.publish?.folder =
            publish.map { Pipelines.anchored($0.folder, at: folder) } ?? ""
        plan.publish?.forCustomers?.folder =
            publish?.forCustomers.map { Pipelines.anchored($0.folder, at: folder) } ?? ""
        plan.publish?.provisional =
            publish?.provisional.map { Pipelines.anchored($0, at: folder) }
        plan.store?.files = store?.files.map { Pipelines.anchored($0, at: folder) } ?? []
        return plan
    }
}

extension WriterMark {
    /// The mark of the writer that `path` (absolute) names; `kind` says what lies there.
    static func of(_ kind: String, _ path: String) -> WriterMark {
        let name = "\(kind) \(PlanningWorld.simplified(path))"
        return WriterMark(String(Digest256.of(Array(name.utf8).span).hex.prefix(16))) ?? .none
    }
}

extension PathTemplate {
    fileprivate func anchored(at folder: String) -> PathTemplate {
        if isStandardOutput || text.utf8.first == UInt8(ascii: "/") { return self }
        // A folder whose name has braces cannot be written in a template.
        return PathTemplate("\(folder)/\(text)") ?? self
    }
}

/// `path` seen from `folder`, unless it is absolute.
func anchored(_ path: String, at folder: String) -> String {
    path.utf8.first == UInt8(ascii: "/") ? path : "\(folder)/\(path)"
}
