private import CSystem

/// The processors this process may run on, at least 1.
package func processorCount() -> Int { Int(csystem_processor_count()) }

/// Passes a few dozen nanoseconds and tells the processor that its thread only waits for another
/// one, so that it spends them sparingly.
package func pauseProcessor() { csystem_pause() }
