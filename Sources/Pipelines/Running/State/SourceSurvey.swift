internal import FileSystem
internal import KeyedHashing
internal import Ledger
internal import Records

/// Looks through a source before it is taken in: its content identity, and how much of it the
/// ledger has counted already.
///
/// Content decides, not the name: a renamed or compressed copy is the same source, and a file that
/// begins with a counted one has grown and is taken from there.
struct SourceSurvey {
    /// The identity of the whole plain content.
    let content: ContentIdentity
    /// The plain bytes at the start that were counted before; 0 for a new source.
    let knownBytes: Int
    /// True when nothing in it is new.
    var isKnown: Bool { knownBytes == content.byteCount && knownBytes > 0 || isEmptyKnown }
    private let isEmptyKnown: Bool

    init(
        path: String, name: String, ledger: Ledger, stream: String,
        taken: Set<ContentIdentity> = []
    ) throws(PipelineFailure) {
        var counted: [ContentIdentity]
        do { counted = try ledger.countedSources(stream: stream) } catch {
            throw .storage("cannot read the ledger: \(error.description)")
        }
        if !taken.isEmpty {
            counted = (counted + taken).sorted { $0.byteCount < $1.byteCount }
        }
        let source = try ByteSource(path: path, digesting: false)
        var hasher = ContentHasher()
        var known = 0
        var next = 0
        var buffer = ByteBuffer(capacity: 1 << 18)
        // The counted sources come shortest first: each length is checked as it is passed.
        while !source.isAtEnd {
            buffer.removeAll()
            try source.fill(&buffer, upTo: 1 << 18)
            var taken = 0
            while next < counted.count, counted[next].byteCount <= source.plainBytes {
                let wanted = counted[next].byteCount - (source.plainBytes - buffer.count)
                if wanted > taken {
                    hasher.update(buffer.bytes.extracting(taken..<wanted))
                    taken = wanted
                }
                if counted[next].byteCount > 0, hasher.digest() == counted[next].digest,
                    Self.endsRecord(buffer, wanted)
                {
                    known = counted[next].byteCount
                }
                next += 1
            }
            hasher.update(buffer.bytes.extracting(taken..<buffer.count))
        }
        content = ContentIdentity(digest: hasher.digest(), byteCount: source.plainBytes)
        if counted.contains(content) { known = content.byteCount }
        knownBytes = known
        isEmptyKnown = content.byteCount == 0
    }

    /// A counted source whose last line was open has no border to go on from.
    private static func endsRecord(
        _ buffer: borrowing ByteBuffer, _ end: Int
    ) -> Bool {
        end > 0 && end <= buffer.count && buffer.bytes[end - 1] == 0x0a
    }
}
