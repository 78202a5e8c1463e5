/// Where lists of numbers put aside what they hold no longer in memory: parts of one file, which is
/// made when the first list asks for its own.
final class NumberSpill {
    private let storage: any SpillStorage
    private var shared: SharedSpill?

    /// Uses a file of `storage`.
    init(_ storage: any SpillStorage) { self.storage = storage }

    /// A new empty file.
    func makeFile() throws(PartialFault) -> any SpillFile {
        if let shared { return shared.makeFile() }
        let made: SharedSpill
        do { made = SharedSpill(try storage.makeFile()) } catch { throw PartialFault(error) }
        shared = made
        return made.makeFile()
    }
}
