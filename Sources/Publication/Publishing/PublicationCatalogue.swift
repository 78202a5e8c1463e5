import FileSystem
import Records

/// A format that publications are written in: a file of its own and a line of the catalogue.
package struct PublicationFormat: Sendable {
    /// The word in pipeline files.
    package let name: String
    /// One sentence: which files it writes, for whom.
    package let summary: String
    /// Counts up whenever the same publication gives other bytes than before: what was published in
    /// an older version is known by it.
    package let version: Int
    /// Makes the files of a publication, in memory: published tables are small. The same
    /// publication gives the same bytes.
    package let files: @Sendable (Publication) throws(PublicationFault) -> [PublicationFile]

    package init(
        name: String, summary: String, version: Int = 1,
        files: @escaping @Sendable (Publication) throws(PublicationFault) -> [PublicationFile]
    ) {
        self.name = name
        self.summary = summary
        self.version = version
        self.files = files
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

    /// Ends the making of a long file when a signal asked to stop.
    static func checkStop() throws(PublicationFault) {
        if Interruption.isRequested { throw PublicationFault("a signal asked to stop") }
    }
}

/// All formats of publications.
package enum PublicationCatalogue {
    package static let all: [PublicationFormat] = [csv, jsonl, sqlite, html, htmlDutch]

    /// The format with the name; nil when there is none.
    package static func format(named name: String) -> PublicationFormat? {
        all.first { $0.name.utf8.elementsEqual(name.utf8) }
    }

    private static let csv = PublicationFormat(
        name: "csv",
        summary: "A CSV file for each table (RFC 4180): `<n` for a count of fewer than n persons, "
            + "`x` for a count left out for another reason, an empty cell for any other figure "
            + "that is left out, `n/a` for one that could not be measured. Beside a noisy figure "
            + "its accuracy. Beside the file its columns in a `.csv-metadata.json` (CSV on the "
            + "Web)."
    ) { publication throws(PublicationFault) in
        publication.tables.flatMap { table in
            let name = "\(table.table.name).csv"
            return [
                PublicationFile(name: name, bytes: table.toldTable.csv),
                PublicationFile(
                    name: "\(name)-metadata.json",
                    bytes: CSVMetadata(table, of: publication, file: name).bytes),
            ] + sketchFiles(table, of: publication)
        }
    }

    /// The sketches of a table in a file of their own: no spreadsheet takes cells that long.
    private static func sketchFiles(
        _ table: PublishedTable, of publication: Publication
    ) -> [PublicationFile] {
        guard let sketches = table.sketchTable else { return [] }
        let name = "\(table.table.name).sketches.csv"
        let metadata = CSVMetadata(table, of: publication, file: name, showsSketches: true)
        return [
            PublicationFile(name: name, bytes: sketches.csv),
            PublicationFile(name: "\(name)-metadata.json", bytes: metadata.bytes),
        ]
    }

    private static let sqlite = PublicationFormat(
        name: "sqlite",
        summary: "An SQLite database, `publication.sqlite`: a table for each statistic, with a "
            + "status beside each figure, views, and a `dictionary` of every column."
    ) { publication throws(PublicationFault) in
        [
            PublicationFile(
                name: "publication.sqlite",
                bytes: try PublicationDatabase(publication).bytes())
        ]
    }

    private static let html = HTMLReport.format(
        "html", .english, file: "report.html",
        summary: "A page for people, `report.html`: charts, tables, and why figures are withheld. "
            + "One file that fetches nothing.")

    private static let htmlDutch = HTMLReport.format(
        "html-nl", .dutch, file: "report.nl.html",
        summary: "The same page in Dutch, `report.nl.html`.")

    private static let jsonl = PublicationFormat(
        name: "jsonl",
        summary: "A JSON Lines file for each table: an object for each row, "
            + "`{\"suppressed\":true}` for a figure that is left out, with `\"below\":n` where "
            + "fewer than n persons are behind it, `null` for one that could not be measured."
    ) { publication throws(PublicationFault) in
        publication.tables.flatMap { table in
            let name = table.table.name
            let plain = PublicationFile(
                name: "\(name).jsonl", bytes: table.toldTable.jsonLines)
            guard let sketches = table.sketchTable else { return [plain] }
            return [
                plain,
                PublicationFile(name: "\(name).sketches.jsonl", bytes: sketches.jsonLines),
            ]
        }
    }
}
