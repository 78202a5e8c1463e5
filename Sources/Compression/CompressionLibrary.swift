private import CZlib

/// The version of zlib that is loaded.
package func compressionLibraryVersion() -> String {
    guard let text = unsafe zlibVersion() else { return "unknown" }
    return unsafe String(cString: text)
}
