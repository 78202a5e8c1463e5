internal import KeyedHashing
internal import Ledger
internal import Records

/// Who the plain bytes of a file are, however they are compressed.
struct PlainContent {
    let content: ContentIdentity
    let isCompressed: Bool
    /// The identity of its first bytes, where so many were asked for and are there.
    private(set) var prefix: ContentIdentity?

    /// Reads the file at `path`, once.
    init(of path: String, prefix count: Int? = nil) throws(PipelineFailure) {
        let source = try ByteSource(path: path, digesting: true)
        var buffer = ByteBuffer(capacity: 1 << 18)
        var first = ContentHasher()
        while !source.isAtEnd {
            buffer.removeAll()
            try source.fill(&buffer, upTo: 1 << 18)
            let rest = min((count ?? 0) - first.byteCount, buffer.count)
            if rest > 0 { first.update(buffer.bytes.extracting(0..<rest)) }
        }
        guard let digest = source.content?.digest() else {
            throw .internalFault("a file of the store was not hashed")
        }
        content = ContentIdentity(digest: digest, byteCount: source.plainBytes)
        isCompressed = source.isCompressed
        guard !source.isZstd else {
            throw .source(
                SourceFault(
                    .cannotRead, source: path,
                    expectation: "a file of a store is written again, and nothing here writes "
                        + "zstd: expected gzip or no compression"))
        }
        if let count, count == first.byteCount {
            prefix = ContentIdentity(digest: first.digest(), byteCount: count)
        }
    }
}
