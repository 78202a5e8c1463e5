import Anonymization
import Records
import TestSupport
import Testing

@Suite("Purposes, categories and safeguards")
struct PurposesTests {
    @Test("Built-in names stand for the built-in purposes")
    func builtIn() {
        let expected: [(String, Purpose)] = [
            ("service-improvement", .serviceImprovement), ("marketing", .marketing),
            ("security", .security), ("statistics", .statistics), ("compliance", .compliance),
            ("development", .development),
        ]
        for (name, purpose) in expected {
            #expect(PurposeTable.standard[name] == purpose)
            #expect(PurposeTable.standard.name(of: purpose) == name)
        }
        #expect(PurposeTable.standard["Marketing"] == nil)
        #expect(PurposeTable.standard.names.count == expected.count)
    }

    @Test("Declared purposes come after them, up to sixteen in all")
    func declared() throws {
        let table = try #require(
            PurposeTable(declaring: ["statistics & research", "benchmarking"])
        )
        #expect(table["statistics & research"]?.index == 6)
        #expect(table["benchmarking"]?.index == 7)
        #expect(table.all.rawValue == 0xFF)
        let ten = (0..<10).map { "p\($0)" }
        #expect(PurposeTable(declaring: ten)?.all.rawValue == .max)
        #expect(PurposeTable(declaring: ten + ["p10"]) == nil)
        let spaced = [[" a"], ["a "], ["\ta"], ["a\n"]]
        for bad in [["a", "a"], ["marketing"], [""], ["*"], ["a;b"]] + spaced {
            #expect(PurposeTable(declaring: bad) == nil)
        }
        #expect(PurposeTable(declaring: ["!", "!a!"])?.names.suffix(2) == ["!", "!a!"])
    }

    @Test("An opt-out of everything leaves security and compliance")
    func everything() throws {
        let table = try #require(PurposeTable(declaring: ["benchmarking"]))
        for index in 0..<7 {
            let purpose = Purpose(index: UInt8(index))
            let isKept = purpose == .security || purpose == .compliance
            #expect(table.optedOutByDefault.contains(purpose) == !isKept)
        }
        #expect(!table.optedOutByDefault.contains(Purpose(index: 7)))
    }

    @Test("Limited production data is for three purposes only")
    func matrix() throws {
        let table = try #require(PurposeTable(declaring: ["benchmarking"]))
        let allowed: Set<String> = ["service-improvement", "development", "statistics"]
        for name in table.names {
            let purpose = try #require(table[name])
            for category in Category.allCases {
                let isAllowed = FieldUse(category: category).isAllowed(for: purpose)
                #expect(isAllowed == (category != .limitedProduction || allowed.contains(name)))
            }
        }
    }

    @Test("A field's own purposes narrow what its category allows, and never widen it")
    func ownPurposes() {
        let mail = FieldUse(category: .technical, purposes: PurposeSet(.security))
        #expect(mail.isAllowed(for: .security))
        #expect(!mail.isAllowed(for: .marketing))
        let file = FieldUse(category: .limitedProduction, purposes: PurposeSet(.marketing))
        #expect(!file.isAllowed(for: .marketing))
        #expect(!file.isAllowed(for: .statistics))
        #expect(!FieldUse(category: .technical, purposes: []).isAllowed(for: .security))
    }

    @Test("Category names come back")
    func categories() {
        for category in Category.allCases {
            #expect(CategorySet(category).rawValue == 1 << category.index)
        }
        #expect(Category(rawValue: "Technical") == nil)
        #expect(CategorySet(.aggregated).contains(.aggregated))
        #expect(!CategorySet(.aggregated).contains(.technical))
    }
}
