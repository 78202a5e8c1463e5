import LogFormats
import PlainTwins
import Records
import TestSupport
import Testing

@Suite struct FormatCatalogueTests {
    @Test func everyNamedFormatCanBeMade() {
        for descriptor in FormatCatalogue.all where descriptor.name != "access_log" {
            let faults = Faults()
            let made = makeFormat(descriptor.name, faults: faults)
            #expect(made?.name == descriptor.name)
            #expect(faults.isEmpty)
            #expect(made?.fieldNames?.isEmpty != true, "\(descriptor.name)")
        }
        #expect(Set(FormatCatalogue.all.map(\.name)).count == FormatCatalogue.all.count)
    }

    @Test func fieldsThatAFormatKnows() {
        #expect(makeFormat("combined")?.knows(field: "path") == true)
        #expect(makeFormat("combined")?.knows(field: "vhost") == false)
        #expect(makeFormat("vhost_combined")?.knows(field: "vhost") == true)
        #expect(makeFormat("csv")?.knows(field: "anything") == nil)
        let named = makeFormat("csv", ["header": "false"], lists: ["columns": ["a", "b"]])
        #expect(named?.knows(field: "a") == true)
        #expect(named?.knows(field: "c") == false)
    }

    @Test(arguments: [";", "semicolon"]) func delimiters(_ delimiter: String) {
        let made = makeFormat("csv", ["delimiter": delimiter]) as? CSVFormat
        #expect(made == CSVFormat(delimiter: .semicolon))
        let tabs = makeFormat("tsv") as? CSVFormat
        #expect(tabs == CSVFormat(name: "tsv", delimiter: .tab))
    }

    @Test func optionsAreChecked() {
        func faults(_ options: [String: String], _ lists: [String: [String]] = [:]) -> [String] {
            let faults = Faults()
            #expect(makeFormat("csv", options, lists: lists, faults: faults) == nil)
            return faults.all.map(\.path)
        }
        #expect(faults(["delimiter": "x"]) == ["source.delimiter"])
        #expect(faults(["header": "maybe"]).contains("source.header"))
        #expect(faults(["header": "false"]) == ["source.columns"])
        #expect(faults([:], ["columns": ["a"]]) == ["source.columns"])
        #expect(faults(["header": "false"], ["columns": ["a", "a"]]) == ["source.columns"])
        #expect(faults(["quotes": "single"]) == ["source.quotes"])
    }
}
