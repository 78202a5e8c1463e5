internal import Publication
internal import Records

extension Planner {
    /// How periods are closed; nil when the pipeline does not say or says it wrongly.
    func makePublish() -> PublishPlan? {
        noteUnpublished()
        guard let publish = specification.publish, let path = publish.path else { return nil }
        let position = path.position
        if specification.state == nil, !world.isTrial {
            faults.add(
                "publishing closes a period once, and a pipeline without `state` forgets that it "
                    + "did: expected `state`",
                at: position, path: "publish")
        }
        if !specification.statistics.contains(where: { $0.path == nil }) {
            faults.add(
                "nothing would be published: expected a statistic without a `path` of its own",
                at: position, path: "publish")
        }
        if let provisional = publish.provisional,
            PlanningWorld.simplified(provisional.value) == PlanningWorld.simplified(path.value)
        {
            faults.add(
                "found the folder of the publications again: expected one of its own, which only "
                    + "internal readers can open",
                at: provisional.position, path: "publish.provisional")
        }
        let isPublic = publish.audience.value == .public
        let rules = ControlRules(
            persons: publish.persons.value,
            customers: specification.identity.customer == nil ? nil : publish.customers.value,
            dominance: publish.dominance, priorPercent: publish.priorPercent.value,
            zeros: publish.zeros.value, wholes: publish.wholes.value,
            crossings: publish.crossings?.value ?? (isPublic ? .proven : .bounded))
        let names = publish.formats.map(\.value)
        return PublishPlan(
            folder: world.resolve(path.value),
            // In the order of the catalogue: the order in the file changes no byte.
            formats: PublicationCatalogue.all.filter { names.contains($0.name) },
            closeAfter: publish.closeAfter.value,
            audience: isPublic ? .public : .internal,
            late: publish.late.value, correctWithin: publish.correctWithin.value,
            provisional: publish.provisional.map { world.resolve($0.value) }, rules: rules,
            counts: publish.counts,
            other: otherColumns(publish), forCustomers: customerTables(publish, path))
    }

    /// Where the tables about one customer each go; nil when there are none.
    private func customerTables(
        _ publish: PublishSpecification, _ main: Marked<String>
    ) -> CustomerTablesPlan? {
        guard let own = publish.forCustomers, let path = own.path else { return nil }
        let others = [main.value] + (publish.provisional.map { [$0.value] } ?? [])
        let folder = PlanningWorld.simplified(path.value)
        if others.contains(where: { PlanningWorld.simplified($0) == folder }) {
            faults.add(
                "found the folder of other publications again: expected one of its own, from which "
                    + "each customer gets its part",
                at: path.position, path: "publish.for_customers.path")
        }
        if specification.identity.customer == nil {
            faults.add(
                "nobody says which customer a record is of: expected `identity.customer`",
                at: path.position, path: "publish.for_customers")
        }
        let names = (own.formats ?? publish.formats).map(\.value)
        return CustomerTablesPlan(
            folder: world.resolve(path.value),
            formats: PublicationCatalogue.all.filter { names.contains($0.name) },
            persons: (own.persons ?? publish.persons).value)
    }

    /// The columns whose small values are counted together; nil for all.
    private func otherColumns(_ publish: PublishSpecification) -> [String]? {
        guard let named = publish.other else { return nil }
        let keys = specification.statistics.filter { $0.path == nil }.flatMap(\.keys)
        let known = keys.flatMap { key -> [String] in
            switch key {
            case .time: return []
            case .field(let field): return [field.value]
            case .dimension(let options):
                guard case .mapping(let members, _) = options.options else { return [] }
                return members.map(\.key)
            }
        }
        for name in named where !known.contains(name.value) {
            faults.add(
                "no published statistic is broken down by `\(name.value)`: expected fields or "
                    + "dimensions of their `by`, or `none`",
                at: name.position, path: "publish.other",
                suggestion: nearestName(to: name.value, among: known))
        }
        return named.map(\.value)
    }

    /// What waits for a publication that never comes keeps its keys alive.
    private func noteUnpublished() {
        guard specification.publish == nil, specification.state != nil,
            !specification.statistics.isEmpty, !world.isTrial
        else { return }
        notes.append(
            "the statistics of this pipeline are never published, and its month keys wait for "
                + "that: expected `publish`, or a pipeline of its own for them")
    }
}
