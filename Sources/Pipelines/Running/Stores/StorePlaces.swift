internal import KeyedHashing
internal import Ledger
internal import Records

/// Where what lay in a store when the last run had been over it, and where it lies now.
struct StorePlaces {
    /// How a file differs from what the last run left in its place.
    enum Change: Equatable {
        case none
        /// Something came behind it.
        case appended(to: ContentIdentity)
        /// Something was dealt with in it, and it has other bytes.
        case edited
    }

    private let before: [String: StorePlace]
    /// What the ledger has to learn.
    private(set) var changed: [StorePlace] = []
    /// The paths at which nothing lies any more.
    let gone: [String]

    init() {
        before = [:]
        gone = []
    }

    init(_ places: [StorePlace], _ listing: StoreListing) {
        before = Dictionary(places.map { ($0.path, $0) }) { first, _ in first }
        let present = Set(listing.files.map(\.path) + listing.busy)
        gone = places.map(\.path).filter { !present.contains($0) }
    }

    /// Notes that a file has the content that is known, with nothing to be done to it.
    mutating func lies(_ content: ContentIdentity, at path: String, nextDue: EventTime?) {
        if before[path]?.content == content { return }
        let other = before.values.first { $0.content == content }
        holds(
            StorePlace(
                path: path, content: content, held: other?.held ?? 0,
                isAged: other?.isAged ?? false, nextDue: nextDue))
    }

    /// Notes what a file holds once it is written.
    mutating func holds(_ place: StorePlace) {
        if before[place.path] != place { changed.append(place) }
    }

    /// What happened to the file at `path`, whose first `knownPrefix` bytes are known.
    func change(
        at path: String, to content: ContentIdentity, knownPrefix: Int
    ) -> Change {
        guard let place = before[path], place.content != content else { return .none }
        if knownPrefix >= place.content.byteCount, content.byteCount > place.content.byteCount {
            return .appended(to: place.content)
        }
        return place.isAged || place.held > 0 ? .edited : .none
    }
}
