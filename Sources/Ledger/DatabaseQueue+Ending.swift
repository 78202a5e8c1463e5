private import FileSystem
import GRDB

extension DatabaseQueue {
    /// Closes the database for good, and keeps the queue (`LastingObjects`).
    func end() {
        try? close()
        LastingObjects.keep(self)
    }

    /// What `work` gives; when it throws, the database is closed for good.
    func endingOnFailure<Result>(_ work: () throws -> Result) throws -> Result {
        do { return try work() } catch {
            end()
            throw error
        }
    }
}
