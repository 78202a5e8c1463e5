internal import FileSystem
internal import Records

extension ByteSource {
    /// Where the records that begin in `range` stand: from the first byte of the first one to
    /// behind the last one, nil for the end of the file. Records end at line feeds, the first
    /// begins behind the header of `header` bytes.
    ///
    /// Ranges that follow each other without a gap share all records, each once: a record belongs
    /// to the range that its first byte lies in.
    func records(
        in range: Range<Int>, behind header: Int
    ) throws(PipelineFailure) -> (start: Int, end: Int?) {
        let start = try firstRecord(from: range.lowerBound, behind: header)
        let end = try firstRecord(from: range.upperBound, behind: header)
        let size = fileBytes ?? 0
        return (start ?? size, range.upperBound >= size ? nil : end)
    }

    /// Where the first record stands that begins at `offset` or behind; nil: there is none.
    private func firstRecord(
        from offset: Int, behind header: Int
    ) throws(PipelineFailure) -> Int? {
        if offset <= header { return header }
        return try lineFeed(from: offset - 1).map { $0 + 1 }
    }

    /// The place of the first line feed at `offset` or behind; nil: there is none.
    private func lineFeed(from offset: Int) throws(PipelineFailure) -> Int? {
        var block = [UInt8](repeating: 0, count: 1 << 14)
        var start = offset
        while true {
            if Interruption.isRequested { throw .interrupted(signal: Interruption.signal ?? 15) }
            let got: Int
            do {
                var room = block.mutableSpan
                got = try unsafe room.withUnsafeMutableBytes { region throws(FileFault) in
                    try unsafe descriptor.readFully(into: region, at: start)
                }
            } catch {
                throw .source(SourceFault(.cannotRead, source: name, expectation: "\(error)"))
            }
            if let feed = block[..<got].firstIndex(of: 0x0a) { return start + feed }
            if got < block.count { return nil }
            start += got
        }
    }
}
