internal import Anonymization
internal import KeyedHashing
internal import LogFormats
internal import Records

extension ChunkSource {
    /// One source, or a range of one, and what is known of its plain bytes.
    struct SourceInput: Sendable {
        /// A stretch of whole lines that is not like the others.
        struct Stretch: Sendable {
            enum Use: Sendable {
                /// It was counted by an earlier run and is not read.
                case skip
                /// It was dealt with under this one of the plan's earlier clocks.
                case earlier(Int)
            }

            var range: Range<Int>
            var use: Use
        }

        var path: String
        /// In order, not overlapping; none in an input that is a range.
        var stretches: [Stretch] = []
        /// Only the records that begin in this range of the file are read; nil: all. Only for files
        /// that are not compressed, under a plan that `readsFromAnyPlace`.
        var range: Range<Int>?
        /// Where it ends in its plain bytes: what lies behind is left for a later run. Nil: where
        /// the file ends, or the range.
        var end: Int?
    }

    /// What is known of an input that was read to its end.
    struct Finished: Sendable {
        var name: String
        /// The plain bytes that were read: of an input without a range all it has.
        var plainBytes: Int
        var content: Digest256?
        /// From the first byte of the first record to behind the last one, in the plain bytes.
        var records: Range<Int>
        /// The columns that the header at its start named.
        var columns: [String]?
    }

    /// Refuses a source called `name` whose columns differ from those of the first one.
    static func compare(
        _ named: [String], with first: [String], _ name: String
    ) throws(SourceFault) {
        guard first.elementsEqual(named, by: { $0.utf8.elementsEqual($1.utf8) }) else {
            throw SourceFault(
                .badHeader, source: name,
                expectation: "its columns differ from those of the first source, and an output "
                    + "copies their rows: expected the same header, or `columns` in the output")
        }
    }
}

extension Plan {
    /// True when the records of a file that is not compressed can be read from any place of it.
    var readsFromAnyPlace: Bool { format.endsRecordsAtLineFeeds && encoding == .utf8 }

    /// True when an output copies rows whose columns only the header of the source names.
    var needsEqualColumns: Bool {
        format.quoteRule == .ifPresent && release.outputs.contains { $0.mode == .spliced }
    }
}
