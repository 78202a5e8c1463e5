private import Glibc

/// The absolute path of what is at `path`, with all symbolic links looked through; nil when nothing
/// is there or nobody may look.
package func realPath(_ path: String) -> String? {
    guard !path.utf8.contains(0), let real = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(real) }
    return unsafe String(validatingCString: real)
}
