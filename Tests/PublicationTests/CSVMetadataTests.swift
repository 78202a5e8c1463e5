import Foundation
import Publication
import Testing

@Suite struct CSVMetadataTests {
    private static func files(_ publication: Publication) throws -> [PublicationFile] {
        try #require(PublicationCatalogue.format(named: "csv")).files(publication)
    }

    @Test func liesBesideEachTable() throws {
        #expect(
            try Self.files(SamplePublication.plain()).map(\.name) == [
                "sessions.csv", "sessions.csv-metadata.json", "actions.csv",
                "actions.csv-metadata.json", "browsers.csv", "browsers.csv-metadata.json",
            ])
    }

    @Test(arguments: HTMLReportTests.attacks + ["browsers"])
    func namesTheColumnsOfItsFile(text: String) throws {
        let files = try Self.files(SamplePublication.hostile(text))
        let document = try #require(
            JSONSerialization.jsonObject(with: Data(files[1].bytes)) as? [String: Any])
        #expect(document["@context"] as? String == "http://www.w3.org/ns/csvw")
        let schema = try #require(document["tableSchema"] as? [String: Any])
        let columns = try #require(schema["columns"] as? [[String: Any]])
        #expect(
            columns.map { $0["datatype"] as? String }
                == ["string", "string", "integer", "decimal"])
        #expect(columns[2]["null"] as? [String] == ["<10", "x", "n/a"])
        #expect(columns[3]["null"] as? [String] == ["", "n/a"])
        #expect(Set(columns.compactMap { $0["name"] as? String }).count == columns.count)
        for column in columns {
            let title = column["titles"] as? String ?? ""
            #expect(!["=", "+", "-", "@"].contains(String(title.prefix(1))))
        }
    }
}
