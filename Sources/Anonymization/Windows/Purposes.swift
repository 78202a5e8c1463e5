/// What kind of usage data a field is; raw values are the words of pipelines and lists.
package enum Category: String, Sendable, CaseIterable {
    /// Operating system, browser, keyboard language, IP address.
    case technical
    /// Session durations, numbers of invoices or log-ins: what is counted per customer.
    case aggregated
    /// Support tickets, chats, security incident logs.
    case nonAggregated = "non-aggregated"
    /// Images, files and customer databases: limited in scope, access and time.
    case limitedProduction = "limited-production"

    /// 0 to 3: the bit of the category in sets.
    @inlinable package var index: UInt8 {
        switch self {
        case .technical: 0
        case .aggregated: 1
        case .nonAggregated: 2
        case .limitedProduction: 3
        }
    }
}

/// A set of categories, one bit each.
package struct CategorySet: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8
    @inlinable package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The set of one category.
    package init(_ category: Category) { rawValue = 1 << category.index }

    /// All categories.
    package static let all = CategorySet(rawValue: 0b1111)

    @inlinable package func contains(_ category: Category) -> Bool {
        rawValue >> category.index & 1 == 1
    }
}

/// What data is used for: an index into the `PurposeTable` of the pipeline.
package struct Purpose: Hashable, Sendable {
    /// 0 to 5 for the built-in purposes, then the declared ones in their order.
    package let index: UInt8

    /// The purpose with this index in its table, below `PurposeTable.purposesMax`.
    @inlinable package init(index: UInt8) { self.index = index }

    package static let serviceImprovement = Purpose(index: 0)
    /// Untargeted marketing.
    package static let marketing = Purpose(index: 1)
    package static let security = Purpose(index: 2)
    package static let statistics = Purpose(index: 3)
    package static let compliance = Purpose(index: 4)
    /// Development, training of models included.
    package static let development = Purpose(index: 5)
}

/// A set of purposes, bit `i` for the purpose with index `i`.
package struct PurposeSet: OptionSet, Sendable, Hashable {
    package let rawValue: UInt16
    @inlinable package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The set of these purposes.
    package init(_ purposes: Purpose...) {
        rawValue = purposes.reduce(0) { $0 | 1 << $1.index }
    }

    @inlinable package func contains(_ purpose: Purpose) -> Bool {
        rawValue >> purpose.index & 1 == 1
    }

    /// The purposes that an opt-out reaches only when it names them.
    package static let namedOnly = PurposeSet(.security, .compliance)

    /// The built-in purposes whose outputs may show, under safeguards, what is not yet due.
    package static let readableInWindow = PurposeSet(.security, .compliance)

    /// The purposes for which limited production data may be used.
    package static let limitedProduction =
        PurposeSet(.serviceImprovement, .development, .statistics)
}

/// The purposes of one pipeline: the six built-in ones and those it declares beyond them.
package struct PurposeTable: Sendable, Equatable {
    /// The names in the order of their indices.
    package let names: [String]

    /// The most purposes, built-in ones included: what a `PurposeSet` has bits for.
    package static let purposesMax = 16

    /// The names of the built-in purposes.
    package static let builtIn = [
        "service-improvement", "marketing", "security", "statistics", "compliance", "development",
    ]

    /// A table of the built-in purposes only.
    package static let standard = PurposeTable(names: builtIn)

    private init(names: [String]) { self.names = names }

    /// A table that also has the `declared` purposes. Nil when there are too many, when a name is
    /// empty, `*`, there twice or built in, or has a `;` in it or white space at its ends.
    package init?(declaring declared: [String]) {
        let all = Self.builtIn + declared
        guard all.count <= Self.purposesMax, Set(all).count == all.count,
            declared.allSatisfy(Self.isWellFormed)
        else { return nil }
        names = all
    }

    private static func isWellFormed(_ name: String) -> Bool {
        let edges = [name.utf8.first, name.utf8.last]
        return edges.allSatisfy { ($0 ?? 0x20) > 0x20 } && name != "*"
            && !name.utf8.contains(UInt8(ascii: ";"))
    }

    /// The purpose called `name`.
    package subscript(name: String) -> Purpose? {
        names.firstIndex(of: name).map { Purpose(index: UInt8($0)) }
    }

    /// The name of `purpose`, which is of this table.
    package func name(of purpose: Purpose) -> String { names[Int(purpose.index)] }

    /// The names of the built-in purposes in `purposes`, in their order.
    package static func builtIn(in purposes: PurposeSet) -> [String] {
        builtIn.enumerated().filter { purposes.contains(Purpose(index: UInt8($0.offset))) }
            .map(\.element)
    }

    /// Every purpose of the table.
    package var all: PurposeSet {
        PurposeSet(rawValue: UInt16(truncatingIfNeeded: (1 << names.count) - 1))
    }

    /// What `*` means in an opt-out: all purposes but security and compliance.
    package var optedOutByDefault: PurposeSet { all.subtracting(.namedOnly) }
}

/// What a field may be used for: its category's rule and its own list, whichever is narrower.
package struct FieldUse: Sendable, Hashable {
    package let category: Category
    /// The purposes that the field lists for itself; nil when it lists none.
    package let purposes: PurposeSet?

    package init(category: Category, purposes: PurposeSet? = nil) {
        self.category = category
        self.purposes = purposes
    }

    /// True when an output of `purpose` may have the field. Limited production data is for service
    /// improvement, development and statistics only, and never for a declared purpose.
    package func isAllowed(for purpose: Purpose) -> Bool {
        if category == .limitedProduction, !PurposeSet.limitedProduction.contains(purpose) {
            return false
        }
        return purposes?.contains(purpose) ?? true
    }
}
