private import Synchronization

/// Objects that live as long as the process.
///
/// A queue of libdispatch that ends has what it carries freed on a worker thread. libdispatch looks
/// after its workers through `/proc/<thread>/stat`, and ends the process when that file cannot be
/// opened: be it that the process is confined (`Confinement`), or that no descriptor is left. So
/// whoever uses such a queue ends its work, and keeps the queue.
package enum LastingObjects {
    private static let all = Mutex<[any AnyObject & Sendable]>([])

    /// Keeps an object until the process ends.
    package static func keep(_ object: some AnyObject & Sendable) {
        all.withLock { $0.append(object) }
    }
}
