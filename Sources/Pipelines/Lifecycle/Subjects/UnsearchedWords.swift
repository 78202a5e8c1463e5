/// What is said of files and lines in which other rules stand for a subject than those that a
/// search goes by: in the same words wherever something stays open for them.
package enum UnsearchedWords {
    /// Behind the files that are spoken of.
    package static let ofFiles = "written under other rules cannot be searched"

    /// What keeps an entry in a list open.
    package static func open(_ files: String = "stored files") -> String {
        "open: \(files) \(ofFiles)"
    }

    /// How many opt-outs stay open.
    static func openOptOuts(_ number: Int) -> String {
        "opt-outs that stay open, because stored files \(ofFiles) for them: \(number)"
    }

    /// How many erasures stay open.
    static func openErasures(_ number: Int) -> String {
        "erasures that stay open because files \(ofFiles): \(number)"
    }

    /// How many erasures stay open for a store.
    static func openErasures(inStores number: Int) -> String {
        "erasures that stay open because lines of a store, dealt with under other rules before or "
            + "in a store that is gone from the pipeline, cannot be searched (see `subject erase "
            + "--store-searched`): \(number)"
    }

    /// What one request is told of such parts.
    static func parts(_ number: Int, isErasure: Bool) -> String {
        "\(counted(number, "stored file")) \(number == 1 ? "was" : "were") written under other "
            + "rules for the fields that name the subject: what stands for it there is not known, "
            + "and only its value itself was looked for. "
            + (isErasure
                ? "The erasure stays open, and is done when those files are deleted. "
                : "The opt-out stays open, and is carried out wholly when those files are "
                    + "deleted. ")
            + "To put the rules back helps only before a run or a request (but for `--dry-run`) "
            + "has dealt with the files by others."
    }

    /// What is said in place of them in the copy of a subject's records.
    static func notCopied(_ number: Int) -> String {
        "\(counted(number, "stored file")) were dealt with under other rules for the fields that "
            + "name the subject: what these made of its value is not in the copy."
    }

    /// What an erasure is told of such lines in a store.
    static let store =
        "The store was dealt with under other rules before: lines in which a field that names the "
        + "subject had another transform then are not found by what that made of the value, and "
        + "stay. The erasure stays open until you have looked through the store for the subject "
        + "yourself and say so: `subject erase` again, with --store-searched."

    /// The same of a store that the pipeline had before.
    static func lostStore(_ name: String) -> String {
        "The pipeline has no store `\(name)` any more, and the files of it are not searched. The "
            + "erasure stays open until it has that store again, or until you have looked through "
            + "them yourself and say so: `subject erase` again, with --store-searched."
    }
}
