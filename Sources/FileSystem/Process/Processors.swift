private import CSystem

/// The processors this process may run on, at least 1.
package func processorCount() -> Int { Int(csystem_processor_count()) }
