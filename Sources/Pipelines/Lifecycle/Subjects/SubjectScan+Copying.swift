internal import Anonymization
internal import FileSystem
internal import LogFormats
internal import Records

/// The files of a place, record by record: what a rewriting without state takes and leaves.
extension SubjectScan {
    /// How many records of the subject a file holds, with those that do not say of which customer.
    func count(_ path: String) throws(PipelineFailure) -> PlaceCounts {
        var one = place
        one.files = [path]
        var counts = try SubjectScan(plan: plan, place: one).run { _ in }
        counts.records += counts.undecided
        return counts
    }

    /// The header of a file as it is written.
    func header(_ path: String) throws(PipelineFailure) -> [UInt8] {
        let source = try ByteSource(path: path, digesting: false)
        var start = ByteBuffer(capacity: 1 << 16)
        while true {
            let isComplete = source.isAtEnd
            let result: HeaderResult
            do {
                result = try ChunkSource.header(
                    place.format, readingPlan.limits, of: start, isComplete)
            } catch {
                throw .source(error)
            }
            if case .header(let length, _) = result {
                start.truncate(to: length)
                return start.array()
            }
            try source.fill(&start, upTo: 1 << 16)
        }
    }

    /// Gives the bytes of all records that are not the subject's, with their line ends.
    func copyOthers(_ path: String, _ take: ([UInt8]) throws -> Void) throws {
        let source = ChunkSource([.init(path: path)], plan: readingPlan, digesting: false)
        let fields = DeclaredFields(names: place.names)
        let reader = place.format.makeReader(fields: fields, limits: readingPlan.limits)
        var table = RecordTable(slotCount: fields.count)
        var chunk = Chunk(capacity: ChunkSource.chunkBytes + (1 << 16))
        var headerNumber = 0
        while try source.next(&chunk) {
            try checkTelling(chunk.columns, path)
            reader.index(chunk, into: &table)
            var kept = ByteBuffer(capacity: chunk.buffer.count + 1)
            if let next = chunk.header, next.number > headerNumber {
                headerNumber = next.number
                kept.append(next.bytes)
            }
            for row in 0..<table.count {
                if table.isGood(row) {
                    let match = place.matcher.match(row, table, chunk.buffer.bytes, reader)
                    if match != .none { continue }
                }
                kept.append(chunk.buffer.bytes.extracting(table.range(row)))
                kept.append(UInt8(ascii: "\n"))
            }
            try take(kept.array())
        }
    }
}
