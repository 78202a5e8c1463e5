private import GRDBSQLite

/// The version of SQLite that is loaded.
package func databaseLibraryVersion() -> String {
    guard let text = unsafe sqlite3_libversion() else { return "unknown" }
    return unsafe String(cString: text)
}
