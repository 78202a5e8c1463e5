internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import LogFormats
internal import Records
internal import Statistics

extension Sluice {
    /// The names that a pipeline may use.
    static var knownNames: KnownNames {
        KnownNames(
            transforms: TransformCatalogue.all.map(\.name),
            formats: FormatCatalogue.all.map(\.name),
            measures: MeasureCatalogue.all.map(\.name))
    }

    static func loadPlan(_ path: String, now: String?) throws(PipelineFailure) -> Plan {
        try loadSpecification(path, now: now).plan
    }

    /// Reads and plans a pipeline file; all its faults come as one failure.
    ///
    /// `watch` is told of everything else that is read for it.
    static func loadSpecification(
        _ path: String, now: String?, watch: ContextWatch? = nil
    ) throws(PipelineFailure) -> (specification: PipelineSpecification, plan: Plan) {
        try checkClock(now)
        return try loadSpecification(PipelineFile(path), now: now, watch: watch)
    }

    /// Plans a pipeline file that has been read.
    static func loadSpecification(
        _ file: PipelineFile, now: String? = nil, watch: ContextWatch? = nil
    ) throws(PipelineFailure) -> (specification: PipelineSpecification, plan: Plan) {
        let path = file.path
        let bytes = try file.content.get()
        let faults = Faults()
        guard let root = readSettings(bytes, faults: faults),
            let specification = PipelineSpecification.decode(
                root, DecodingContext(faults: faults, known: knownNames))
        else { throw .faults(faults.told, file: path) }
        let reads = PathsRead(path)
        let world = world(
            folder: splitPath(path).directory, now: now, watch: watch, reads: reads)
        var plan = try plan(
            specification, Digest256.of(bytes.span), world, reads, faults, file: path)
        plan.isClockStated = now != nil
        plan.noteDigests(of: root, specification)
        let place = anchored(path, at: try workingFolder())
        plan.mark = .of("pipeline", place)
        plan.home = specification.home(at: splitPath(PlanningWorld.simplified(place)).directory)
        return (specification, plan)
    }

    /// Plans what a file says. Faults of the tables that it reads are told by themselves where it
    /// has none of its own, and behind those otherwise.
    private static func plan(
        _ specification: PipelineSpecification, _ digest: Digest256, _ world: PlanningWorld,
        _ reads: PathsRead, _ faults: Faults, file path: String
    ) throws(PipelineFailure) -> Plan {
        let tableFaults = Faults()
        var made = Planner.plan(
            specification, digest: digest, world: world, faults: faults,
            tableFaults: tableFaults)
        made?.filesRead = reads.all
        if faults.isEmpty, !tableFaults.isEmpty {
            throw .tables(tableFaults.told, file: path)
        }
        if faults.isEmpty, let made {
            ResultPlaces(made, of: specification, at: try workingFolder())
                .check(specification, faults)
        }
        guard faults.isEmpty, let made else {
            for fault in tableFaults.all {
                faults.add(
                    fault.message, at: fault.position, path: fault.path,
                    suggestion: fault.suggestion)
            }
            throw .faults(faults.told, file: path)
        }
        return made
    }

    static func world(
        folder: String, now: String?, watch: ContextWatch? = nil, reads: PathsRead? = nil
    ) -> PlanningWorld {
        var world = PlanningWorld(
            folder: folder == "." ? "" : folder, now: now,
            readFile: { path in
                reads?.note(path)
                let content = try FileDescriptor.reading(path).readAll(
                    limitBytes: DelimitedRows.fileBytesMax)
                watch?.note(content)
                return content
            },
            loadKeyFile: { path, encoding, length in
                reads?.note(path)
                let key = try SecretKey.load(path: path, encoding: encoding, length: length)
                watch?.note(key)
                return key
            })
        world.noteRead = { reads?.note($0) }
        world.noteZone = { watch?.note($0) }
        return world
    }
}

extension Faults {
    /// In the order of the file, each once: a rule may be read for each of several outputs.
    fileprivate var told: [SettingFault] {
        sorted.reduce(into: []) { told, fault in
            let same = told.reversed().prefix { $0.position == fault.position }
            if !same.contains(fault) { told.append(fault) }
        }
    }
}
