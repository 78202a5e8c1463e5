private import Foundation

/// Removes a folder that a test has made, with everything in it and itself.
public func removeFolder(_ path: String) {
    try? FileManager.default.removeItem(atPath: path)
}
