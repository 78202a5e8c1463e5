package import Records

/// One row of an opt-out list: who, from what, from when.
package struct OptOutEntry: Sendable, Equatable {
    /// The customer's identifier in canonical form; nil when the row names a person only.
    package let customer: [UInt8]?
    /// The person's identifier in canonical form; nil when the row names a whole customer. With
    /// both it is the person in that customer's records.
    package let person: [UInt8]?
    /// The uses that the row bars.
    package let scope: OptOutEffect
    /// The start of the day from which it holds.
    package let effective: EventTime
    /// The start of the day from which it no longer holds; nil when it was not withdrawn.
    package let withdrawn: EventTime?
    /// The line of the list, 1-based.
    package let line: Int

    package init(
        customer: [UInt8]? = nil,
        person: [UInt8]? = nil,
        scope: OptOutEffect,
        effective: EventTime,
        withdrawn: EventTime? = nil,
        line: Int
    ) {
        self.customer = customer
        self.person = person
        self.scope = scope
        self.effective = effective
        self.withdrawn = withdrawn
        self.line = line
    }

    /// True when the row holds at `time`.
    package func holds(at time: EventTime) -> Bool {
        effective <= time && withdrawn.map { time < $0 } ?? true
    }
}

/// What may not be done with a record: pairs of purpose and category, one bit each.
package struct OptOutEffect: OptionSet, Sendable, Hashable, BitwiseCopyable {
    /// Sixteen bits of purposes for each of the four categories, in the order of their raw values.
    package let rawValue: UInt64
    @inlinable package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Every named purpose with every named category.
    package init(purposes: PurposeSet, categories: CategorySet) {
        var bits: UInt64 = 0
        for category in Category.allCases where categories.contains(category) {
            bits |= UInt64(purposes.rawValue) << (UInt64(category.index) * 16)
        }
        rawValue = bits
    }

    /// True when data of `category` may not be used for `purpose`.
    @inlinable package func bars(_ purpose: Purpose, _ category: Category) -> Bool {
        rawValue >> (UInt64(category.index) &* 16 &+ UInt64(purpose.index)) & 1 == 1
    }

    /// The categories that may not be used for `purpose`; empty for the record as it is.
    @inlinable package func categories(barredFor purpose: Purpose) -> CategorySet {
        let lane = rawValue >> UInt64(purpose.index)
        return CategorySet(
            rawValue: UInt8(
                lane & 1 | lane >> 15 & 2 | lane >> 30 & 4 | lane >> 45 & 8
            )
        )
    }
}

/// A list of opt-outs as a company keeps it, checked as a whole.
///
/// Columns: `customer` or `person` or both; `purpose` or `purposes`; `effective_date`; optional
/// `categories` and `withdrawn_date`. Purposes and categories are separated by `;`. The purpose `*`
/// means all but security and compliance; no categories, or `*`, means all of them. Dates are
/// `yyyy-MM-dd` and mean the start of that day in the pipeline's zone. Any other column is a fault,
/// so that a misspelt one never widens or narrows an opt-out in silence.
package struct OptOutList: Sendable, Equatable {
    package let entries: [OptOutEntry]

    /// How many faults are told of one list: behind them the rest of it is not read.
    package static let faultsMax = 1000

    /// The names that columns may have.
    package static let columnNames = [
        "customer", "person", "purpose", "purposes", "categories", "effective_date",
        "withdrawn_date",
    ]

    /// A list of entries made elsewhere.
    package init(entries: [OptOutEntry]) { self.entries = entries }

    /// Reads a list; its faults, about `faultsMax` at most, are thrown in one go, in the order of
    /// its lines. Identifiers are taken in canonical form (`CanonicalSubject`).
    package init(
        rows: DelimitedRows,
        purposes: PurposeTable,
        zone: ZoneTable
    ) throws(OptOutFaults) {
        var faults: [ReferenceFault] = []
        let columns = OptOutColumns(rows.columns, &faults)
        guard let columns, faults.isEmpty else { throw OptOutFaults(all: faults) }
        var reader = OptOutRowReader(
            rows: rows,
            columns: columns,
            purposes: purposes,
            zone: zone,
            faults: []
        )
        var entries: [OptOutEntry] = []
        entries.reserveCapacity(rows.count)
        for row in 0..<rows.count where reader.faults.count < Self.faultsMax {
            if let entry = reader.entry(row) { entries.append(entry) }
        }
        guard reader.faults.isEmpty else { throw OptOutFaults(all: reader.faults) }
        self.entries = entries
    }
}

/// The faults of an opt-out list, at least one.
package struct OptOutFaults: Error, Equatable, Sendable {
    package let all: [ReferenceFault]
}

/// Where the columns of a list stand.
private struct OptOutColumns {
    let customer: Int?
    let person: Int?
    let purposes: Int
    let categories: Int?
    let effective: Int
    let withdrawn: Int?

    init?(_ names: [String], _ faults: inout [ReferenceFault]) {
        func expect(_ sentence: String) { faults.append(ReferenceFault(line: 1, sentence)) }
        for (index, name) in names.enumerated() where !OptOutList.columnNames.contains(name) {
            let near = nearestName(to: name, among: OptOutList.columnNames)
            expect(
                "column \(index + 1) is unknown, expected one of "
                    + OptOutList.columnNames.map { "`\($0)`" }.joined(separator: ", ")
                    + (near.map { "; did you mean `\($0)`?" } ?? "")
            )
        }
        customer = names.firstIndex(of: "customer")
        person = names.firstIndex(of: "person")
        categories = names.firstIndex(of: "categories")
        withdrawn = names.firstIndex(of: "withdrawn_date")
        if customer == nil, person == nil { expect("expected a column `customer` or `person`") }
        let purposes = [names.firstIndex(of: "purpose"), names.firstIndex(of: "purposes")]
            .compactMap { $0 }
        if purposes.count != 1 { expect("expected one column `purpose` or `purposes`") }
        let effective = names.firstIndex(of: "effective_date")
        if effective == nil { expect("expected a column `effective_date`") }
        guard purposes.count == 1, let effective else { return nil }
        self.purposes = purposes[0]
        self.effective = effective
    }
}

/// Reads the rows of a list and collects their faults.
private struct OptOutRowReader {
    let rows: DelimitedRows
    let columns: OptOutColumns
    let purposes: PurposeTable
    let zone: ZoneTable
    var faults: [ReferenceFault]

    mutating func entry(_ row: Int) -> OptOutEntry? {
        let faultsBefore = faults.count
        let customer = identifier(row, columns.customer)
        let person = identifier(row, columns.person)
        if customer == nil, person == nil, faults.count == faultsBefore {
            expect(row, "expected an identifier of a customer or a person")
        }
        let scope = OptOutEffect(purposes: purposeSet(row), categories: categorySet(row))
        let effective = day(row, columns.effective, "effective_date")
        var withdrawn: EventTime?
        if let column = columns.withdrawn, !rows.cell(row, column).isEmpty {
            withdrawn = day(row, column, "withdrawn_date")
        }
        if let effective, let withdrawn, withdrawn < effective {
            expect(row, "expected `withdrawn_date` not to be before `effective_date`")
        }
        guard let effective, faults.count == faultsBefore else { return nil }
        return OptOutEntry(
            customer: customer,
            person: person,
            scope: scope,
            effective: effective,
            withdrawn: withdrawn,
            line: rows.line(row)
        )
    }

    private mutating func expect(_ row: Int, _ sentence: String) {
        faults.append(ReferenceFault(line: rows.line(row), sentence))
    }

    /// The identifier in a cell in its canonical form; nil when there is none. One that is no text
    /// is a fault: what is searched for it in stored data is text.
    private mutating func identifier(_ row: Int, _ column: Int?) -> [UInt8]? {
        guard let column else { return nil }
        let identifier = CanonicalSubject.trimmed(rows.cell(row, column))
        let isASCII = identifier.allSatisfy { $0 < 0x80 }
        guard isASCII || String(validating: identifier, as: UTF8.self) != nil else {
            expect(row, "expected identifiers in UTF-8")
            return nil
        }
        return identifier.isEmpty ? nil : Array(identifier)
    }

    private mutating func purposeSet(_ row: Int) -> PurposeSet {
        var set: PurposeSet = []
        for word in words(row, columns.purposes) {
            if word == "*" {
                set.formUnion(purposes.optedOutByDefault)
            } else if let purpose = purposes[word] {
                set.formUnion(PurposeSet(purpose))
            } else {
                let known = purposes.names.map { "`\($0)`" }.joined(separator: ", ")
                expect(row, "expected purposes among `*`, \(known), separated by `;`")
            }
        }
        return set
    }

    private mutating func categorySet(_ row: Int) -> CategorySet {
        guard let column = columns.categories, !rows.cell(row, column).isEmpty else { return .all }
        var set: CategorySet = []
        for word in words(row, column) {
            if word == "*" {
                set = .all
            } else if let category = Category(rawValue: word) {
                set.formUnion(CategorySet(category))
            } else {
                let known = Category.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
                expect(row, "expected categories among `*`, \(known), separated by `;`")
            }
        }
        return set
    }

    /// The words of a cell, spaces around them taken away; an empty or unreadable one stays as an
    /// empty word, which nothing is called.
    private func words(_ row: Int, _ column: Int) -> [String] {
        rows.cell(row, column)
            .split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
            .map { part in
                let space = UInt8(ascii: " ")
                let front = part.drop { $0 == space }
                let end = front.lastIndex { $0 != space }.map { $0 + 1 } ?? front.startIndex
                return String(validating: front[..<end], as: UTF8.self) ?? ""
            }
    }

    private mutating func day(_ row: Int, _ column: Int, _ name: String) -> EventTime? {
        let cell = Array(rows.cell(row, column))
        if let date = CivilDate(parsing: cell.span) { return zone.startOfDay(date.daysSince1970) }
        expect(row, "expected `\(name)` as a date `yyyy-MM-dd`")
        return nil
    }
}
