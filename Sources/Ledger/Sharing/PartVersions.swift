private import FileSystem

/// A part that is rewritten keeps its name but for the digits that tell its versions apart:
/// sixteen, hexadecimal; twelve in names that were made before the pipeline's own four were among
/// them.
package enum PartVersions {
    /// The path that all versions of the part at `path` have in common.
    package static func commonPath(of path: String) -> String {
        let split = splitPath(path)
        var parts = split.name.split(separator: ".", omittingEmptySubsequences: false)
        if parts.count > 1, isDigits(parts[1]) { parts.remove(at: 1) }
        let name = parts.joined(separator: ".")
        return split.directory == "." ? name : "\(split.directory)/\(name)"
    }

    /// True for such digits.
    package static func isDigits(_ text: some StringProtocol) -> Bool {
        [12, 16].contains(text.utf8.count)
            && text.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
    }
}
