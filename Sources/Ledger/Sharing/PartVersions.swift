private import FileSystem

/// A part that is rewritten keeps its name but for the twelve digits that tell its versions apart.
package enum PartVersions {
    /// The path that all versions of the part at `path` have in common.
    package static func commonPath(of path: String) -> String {
        let split = splitPath(path)
        var parts = split.name.split(separator: ".", omittingEmptySubsequences: false)
        if parts.count > 1, parts[1].utf8.count == 12 { parts.remove(at: 1) }
        let name = parts.joined(separator: ".")
        return split.directory == "." ? name : "\(split.directory)/\(name)"
    }
}
