private import Records

/// A list of opt-outs read word by word.
package struct PlainOptOut: Equatable {
    /// Who: a customer, a person or both.
    package let customer: [UInt8]?
    package let person: [UInt8]?
    /// From what: purposes and categories by their names.
    package let purposes: Set<String>
    package let categories: Set<String>
    /// Milliseconds since 1970, UTC.
    package let effective: Int64
    package let withdrawn: Int64?
    package let line: Int

    package init(
        customer: [UInt8]?, person: [UInt8]?, purposes: Set<String>, categories: Set<String>,
        effective: Int64, withdrawn: Int64?, line: Int
    ) {
        (self.customer, self.person) = (customer, person)
        (self.purposes, self.categories) = (purposes, categories)
        (self.effective, self.withdrawn, self.line) = (effective, withdrawn, line)
    }

    /// The purposes that `*` means, and those that must be named.
    package static let usualPurposes: Set = [
        "service-improvement", "marketing", "statistics", "development",
    ]
    package static let namedPurposes: Set = ["security", "compliance"]
    package static let allCategories: Set = [
        "technical", "aggregated", "non-aggregated", "limited-production",
    ]

    /// The entries of a table whose first row has the names; nil when anything is wrong with it.
    package static func list(_ rows: [PlainRows.Row]) -> [PlainOptOut]? {
        let names = (rows.first?.cells ?? []).map { String(decoding: $0, as: UTF8.self) }
        let known = ["customer", "person", "purpose", "purposes", "categories"]
        let dates = ["effective_date", "withdrawn_date"]
        guard names.allSatisfy((known + dates).contains), names.contains("effective_date"),
            names.contains("customer") || names.contains("person"),
            names.contains("purpose") != names.contains("purposes")
        else { return nil }
        let entries = rows.dropFirst().map { row in
            entry(Dictionary(zip(names, row.cells)) { one, _ in one }, line: row.line)
        }
        return entries.contains(nil) ? nil : entries.compactMap(\.self)
    }

    private static func entry(_ cells: [String: [UInt8]], line: Int) -> PlainOptOut? {
        let who = ["customer", "person"].map { trimmed(cells[$0] ?? []) { $0 <= 0x20 } }
        guard who.allSatisfy({ String(validating: $0, as: UTF8.self) != nil }), who != [[], []],
            let purposes = words(
                cells["purpose"] ?? cells["purposes"] ?? [], all: usualPurposes,
                known: usualPurposes.union(namedPurposes)),
            let categories = words(
                cells["categories"].flatMap { $0.isEmpty ? nil : $0 } ?? Array("*".utf8),
                all: allCategories, known: allCategories),
            let effective = day(cells["effective_date"] ?? [])
        else { return nil }
        var withdrawn: Int64?
        if let cell = cells["withdrawn_date"], !cell.isEmpty {
            guard let day = day(cell), day >= effective else { return nil }
            withdrawn = day
        }
        return PlainOptOut(
            customer: who[0].isEmpty ? nil : who[0], person: who[1].isEmpty ? nil : who[1],
            purposes: purposes, categories: categories, effective: effective,
            withdrawn: withdrawn, line: line)
    }

    private static func trimmed(_ text: [UInt8], _ isBlank: (UInt8) -> Bool) -> [UInt8] {
        Array(Array(text.drop(while: isBlank).reversed()).drop(while: isBlank).reversed())
    }

    /// The names between semicolons; nil when one is unknown.
    private static func words(
        _ cell: [UInt8], all: Set<String>, known: Set<String>
    ) -> Set<String>? {
        var found: Set<String> = []
        for part in cell.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false) {
            let word = String(validating: trimmed(Array(part)) { $0 == 0x20 }, as: UTF8.self)
            guard let word, word == "*" || known.contains(word) else { return nil }
            found.formUnion(word == "*" ? all : [word])
        }
        return found
    }

    private static func day(_ cell: [UInt8]) -> Int64? {
        let time = PlainClocks(isAmsterdam: false, now: 0).time(cell, .date)
        if case .milliseconds(let time) = time { return time }
        return nil
    }
}
