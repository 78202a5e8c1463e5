private import CSystem

/// The number of processors that the calling thread may run on, at least 1; a worker may be kept to
/// one while others have the rest.
package func processorCount() -> Int { max(ProcessorSet.allowed()?.count ?? 1, 1) }

/// Processors that a thread may run on.
package struct ProcessorSet: Sendable {
    private let bits: csystem_processors
    /// How many there are.
    package let count: Int

    /// Those of the calling thread; nil where the system does not say.
    package static func allowed() -> ProcessorSet? {
        var bits = csystem_processors()
        let count = unsafe csystem_allowed_processors(&bits)
        return count > 0 ? ProcessorSet(bits: bits, count: Int(count)) : nil
    }

    /// Keeps the calling thread to one of them: the one that comes `turn` (0 and above) places
    /// behind `first`, in a ring. False when the system refuses.
    @discardableResult
    package func keep(to turn: Int, behind first: Int) -> Bool {
        unsafe withUnsafePointer(to: bits) {
            unsafe csystem_keep_to_processor(
                $0, Int32(truncatingIfNeeded: first), UInt32(truncatingIfNeeded: turn)) == 0
        }
    }

    /// Lets the calling thread run on all of them. False when the system refuses.
    @discardableResult
    package func allow() -> Bool {
        unsafe withUnsafePointer(to: bits) { unsafe csystem_allow_processors($0) == 0 }
    }
}

/// The number of the processor on which the calling thread runs; 0 where the system does not say.
package func currentProcessor() -> Int { max(Int(csystem_processor()), 0) }

/// Passes a few dozen nanoseconds and tells the processor that its thread only waits for another
/// one, so that it spends them sparingly.
package func pauseProcessor() { csystem_pause() }
