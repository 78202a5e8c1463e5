import Records

/// A format that publications are written in: a file of its own and a line of the catalogue.
package struct PublicationFormat: Sendable {
    /// The word in pipeline files.
    package let name: String
    /// One sentence: which files it writes, for whom.
    package let summary: String
    /// Makes the files of a publication, in memory: published tables are small. The same
    /// publication gives the same bytes.
    package let files: @Sendable (Publication) throws(PublicationFault) -> [PublicationFile]

    package init(
        name: String, summary: String,
        files: @escaping @Sendable (Publication) throws(PublicationFault) -> [PublicationFile]
    ) {
        self.name = name
        self.summary = summary
        self.files = files
    }

    /// A format with one file for each table.
    package init(
        name: String, summary: String, perTable: @escaping @Sendable (PublishedTable) -> [UInt8]
    ) {
        self.init(name: name, summary: summary) { publication throws(PublicationFault) in
            publication.tables.map { table in
                PublicationFile(name: "\(table.table.name).\(name)", bytes: perTable(table))
            }
        }
    }
}

/// One file of a publication.
package struct PublicationFile: Sendable, Equatable {
    /// The name in the folder of the publication; one path component.
    package var name: String
    package var bytes: [UInt8]

    package init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }
}

/// Why a format could not write a publication: a sentence without values.
package struct PublicationFault: Error, Sendable, Equatable {
    package let sentence: String

    package init(_ sentence: String) { self.sentence = sentence }
}

/// All formats of publications.
package enum PublicationCatalogue {
    package static let all: [PublicationFormat] = [csv, jsonl]

    /// The format with the name; nil when there is none.
    package static func format(named name: String) -> PublicationFormat? {
        all.first { $0.name.utf8.elementsEqual(name.utf8) }
    }

    private static let csv = PublicationFormat(
        name: "csv",
        summary: "A CSV file for each table (RFC 4180): `<n` for a count of fewer than n persons, "
            + "`x` for a count left out for another reason, an empty cell for any other figure "
            + "that is left out, `n/a` for one that could not be measured."
    ) { table in
        var buffer = ByteBuffer(capacity: 1 << 12)
        table.table.statisticTable.appendCSV(to: &buffer)
        return buffer.array()
    }

    private static let jsonl = PublicationFormat(
        name: "jsonl",
        summary: "A JSON Lines file for each table: an object for each row, "
            + "`{\"suppressed\":true}` for a figure that is left out, with `\"below\":n` where "
            + "fewer than n persons are behind it, `null` for one that could not be measured."
    ) { table in
        var buffer = ByteBuffer(capacity: 1 << 12)
        table.table.statisticTable.appendJSONLines(to: &buffer)
        return buffer.array()
    }
}
