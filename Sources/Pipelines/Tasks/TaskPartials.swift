internal import FileSystem
internal import Ledger
internal import Statistics

/// What the statistics of a task counted, as it lies in published work: one partial for each bucket
/// of tokens of the plan, so that a merge of one bucket reads nothing of the others.
enum TaskPartials {
    /// The file of a bucket.
    static func name(_ bucket: Int) -> String { "partial-\(bucket)" }

    /// Writes what was counted into `folder`; returns the length of each partial in bytes.
    static func write(
        _ aggregator: consuming Aggregator, _ header: PartialHeader, plan: StatisticsPlan,
        buckets: Int, in folder: Directory
    ) throws(PipelineFailure) -> [Int] {
        var aggregator: Aggregator? = aggregator
        return try writing { () throws in
            let files = try (0..<buckets).map { OpenSpillFile(try folder.creating(name($0))) }
            let storage = DirectorySpillStorage(directory: folder)
            let whole: any SpillFile = buckets == 1 ? files[0] : try storage.makeFile()
            try aggregator.take()?.finish(header, into: whole)
            if buckets > 1 {
                try Partials([whole], plan: plan, storage: storage)
                    .deal(toBuckets: buckets) { files[$0] }
            }
            return try files.map(synchronized)
        }
    }

    /// Merges partials of one bucket into the only partial of `folder`; returns its length in
    /// bytes.
    static func merge(
        _ files: [any SpillFile], plan: StatisticsPlan, in folder: Directory
    ) throws(PipelineFailure) -> [Int] {
        try writing { () throws in
            let file = OpenSpillFile(try folder.creating(name(0)))
            let storage = DirectorySpillStorage(directory: folder)
            try Partials(files, plan: plan, storage: storage).merge(into: file)
            return [try synchronized(file)]
        }
    }

    /// Opens a partial of published work, which is to be as long as its manifest says.
    static func open(
        _ bucket: Int, of byteCounts: [Int], in folder: Directory
    ) throws(PipelineFailure) -> any SpillFile {
        let file = byteCounts.indices.contains(bucket)
            ? try StoredFile(folder.path(of: name(bucket))) : nil
        guard let file, file.count == byteCounts[bucket] else {
            throw .storage("the aggregates of a task are not what was written there")
        }
        return file
    }

    private static func synchronized(_ file: OpenSpillFile) throws(FileFault) -> Int {
        try file.synchronize()
        return file.count
    }

    private static func writing(_ body: () throws -> [Int]) throws(PipelineFailure) -> [Int] {
        do { return try body() } catch {
            throw .aggregates("cannot write the aggregates of a task", error)
        }
    }
}

extension CanonicalJSON {
    /// The lengths of the partials of a manifest.
    static func partials(_ byteCounts: [Int]) -> CanonicalJSON {
        .array(byteCounts.map { .integer(Int64($0)) })
    }

    /// The lengths of the partials that a manifest names; nil where it is none.
    var partialLengths: [Int]? {
        guard let lengths = self["partials"]?.asArray else { return nil }
        let numbers = lengths.compactMap(\.asInteger)
        return numbers.count == lengths.count ? numbers : nil
    }
}
