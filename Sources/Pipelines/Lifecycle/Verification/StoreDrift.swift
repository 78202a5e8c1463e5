internal import KeyedHashing
internal import Ledger

/// Holds the files of a store against what the last run left in their places.
///
/// What a run has aged is nobody's to change: other bytes in its place are a finding. New bytes
/// behind it, a file in which nothing was aged yet, and one that is gone are told: that is how logs
/// are written and thrown away.
struct StoreDrift {
    private let owner: Verification
    private let places: [String: StorePlace]
    private let paths: Set<String>
    private var present: Set<ContentIdentity> = []
    private var same = 0
    private var grown = 0
    private var replaced = 0

    init(_ owner: Verification, _ places: [String: StorePlace], paths: [String]) {
        self.owner = owner
        self.places = places
        self.paths = Set(paths)
    }

    /// Looks at the file at `path`, in which `held` records were found under a hold.
    mutating func check(_ path: String, held: Int) throws(PipelineFailure) {
        let place = places[path]
        let found: PlainContent
        do throws(PipelineFailure) {
            found = try PlainContent(of: path, prefix: place?.content.byteCount)
        } catch {
            if case .interrupted = error { throw error }
            // That it cannot be read was found before.
            return
        }
        present.insert(found.content)
        guard let place else { return }
        if found.content == place.content {
            same += 1
            return
        }
        if found.prefix == place.content {
            grown += 1
        } else if place.isAged || place.held > 0 {
            var sentence =
                "is not what the last run left: expected its \(place.content.byteCount) bytes, "
                + "which only a run changes"
            if held < Int(place.held) {
                sentence +=
                    "; it has \(counted(held, "record")) under a hold, the last run left "
                    + "\(place.held)"
            }
            owner.find(.changed, path, sentence)
        } else {
            replaced += 1
        }
    }

    /// Says what was found of all files; `passedOver` is what no pattern reaches.
    func tell(passedOver: [String]) {
        owner.count("files of the store that are what the last run left", same)
        let gone = places.values.filter {
            !paths.contains($0.path) && !present.contains($0.content)
        }
        for path in gone.map(\.path).sorted() {
            owner.report.notes.append("\(path): is gone since the last run")
        }
        if grown > 0 {
            owner.report.notes.append(
                "\(counted(grown, "file")) of the store grew since the last run")
        }
        if replaced > 0 {
            owner.report.notes.append(
                "\(counted(replaced, "file")) of the store, in which nothing had been aged, "
                    + "changed since the last run")
        }
        if let words = passedOverWords(passedOver) { owner.report.notes.append(words) }
    }
}

/// What is to be known of files that a store does not reach; nil when there are none.
func passedOverWords(_ paths: [String]) -> String? {
    guard let first = paths.first else { return nil }
    return "the patterns of the store pass over \(counted(paths.count, "name")) that begin with a "
        + "dot, the first is \(first): nothing in it is aged"
}
