internal import Compression
internal import KeyedHashing
internal import Publication

/// What this binary was built of and runs with.
package enum BuildFacts {
    /// The version of the tool, and a line for each fact that a report of a fault should carry.
    package static var text: String {
        """
        sluice \(Sluice.version)
        rules    \(Sluice.rules)
        build    \(configuration), \(processor), Swift \(compiler)
        OpenSSL  \(cryptoLibraryVersion())
        SQLite   \(databaseLibraryVersion())
        zlib     \(compressionLibraryVersion())
        """
    }

    private static var configuration: String {
        // A debug build checks what a release build only promises.
        var configuration = "release"
        assert(
            {
                configuration = "debug"
                return true
            }())
        return configuration
    }

    private static var processor: String {
        #if arch(x86_64)
            "x86_64"
        #elseif arch(arm64)
            "arm64"
        #else
            "another processor"
        #endif
    }

    private static var compiler: String {
        #if compiler(>=6.4)
            "6.4 or later"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }
}
