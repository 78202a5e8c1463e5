/// Whom a command about opt-outs names: a customer, a user, or a user in one customer's records.
package struct OptOutSubject: Sendable, Equatable {
    package var customer: String?
    package var user: String?

    package init(customer: String? = nil, user: String? = nil) {
        self.customer = customer
        self.user = user
    }
}

/// What `sluice opt-out add` was asked to do.
package struct OptOutRequest: Sendable {
    package var pipeline: String
    /// A date or RFC 3339 time; nil for the system's clock.
    package var now: String?
    package var subject: OptOutSubject
    /// Names of purposes, or `*`; empty: `*`.
    package var purposes: [String] = []
    /// Names of categories, or `*`; empty: `*`.
    package var categories: [String] = []
    /// The day from which it holds; nil: today.
    package var effective: String?
    /// `use` or `event`; nil: as the pipeline says.
    package var basis: String?
    /// Closes to the process, for good, all that the registry is not about.
    package var isConfined = false

    package init(pipeline: String, subject: OptOutSubject) {
        self.pipeline = pipeline
        self.subject = subject
    }
}

/// An opt-out as people see it; who it is stands there as a keyed hash.
package struct OptOutListing: Sendable, Equatable {
    /// What an opt-out is at a moment.
    package enum State: String, Sendable {
        case waiting
        case inForce = "in-force"
        case withdrawn
    }

    /// The number in the registry.
    package let id: Int64
    package let state: State
    /// `customer` or `user`.
    package let kind: String
    package let hash: String
    /// The hash of the only customer whose records a user's entry reaches.
    package let within: String?
    /// `purpose / category`, `*` for all.
    package let scopes: [String]
    package let basis: String
    package let effective: String
    package let withdrawn: String?
    /// In how many stored files its subject cannot be looked for: it stays open.
    package let unsearched: Int
}

/// What an import found: numbers of lines of the file, numbers of entries of the registry.
package struct OptOutImportReport: Sendable, Equatable {
    package var added: [Int] = []
    package var known: [Int] = []
    /// Lines with a withdrawal date that ended an entry of the registry.
    package var withdrawn: [Int] = []
    /// Lines of entries that were withdrawn in the registry: they stay withdrawn.
    package var staysWithdrawn: [Int] = []
    /// Entries that hold, or will, and stand in no line of the file: they stay in force.
    package var notInFile: [Int64] = []
    /// What was taken out of what is stored and counted.
    package var effect = OptOutEffectReport()

    package init() {}
}

/// What an opt-out took out of unpublished figures and stored outputs.
package struct OptOutEffectReport: Sendable, Equatable {
    /// Rows that left aggregates of unpublished periods.
    package var rows = 0
    /// Parts of outputs that were rewritten.
    package var parts = 0
    /// Records in them that lost fields or went.
    package var records = 0
    /// Deliveries that are called back.
    package var recalls = 0
    /// How many of them because nobody can tell any more whose records they hold.
    package var untoldRecalls = 0
    /// True when what is stored and counted was searched, and nothing in it is known to be theirs.
    package var foundNobody = false
    /// Sentences about what could not be reached.
    package var notes: [String] = []

    package init() {}
}

/// What `sluice opt-out check` found about one value.
package struct OptOutCheckReport: Sendable, Equatable {
    package var entries: [OptOutListing] = []
    /// Lines of the pipeline's own list that name the value.
    package var lines: [Int] = []
    /// Those of them that stay open, because stored files cannot be searched for the value.
    package var openLines: [Int] = []
    /// True when anything of it is in force now.
    package var isOptedOut = false

    package init() {}
}

extension Sluice {
    /// Enters an opt-out; says what it is called and what it took out.
    package static func addOptOut(
        _ request: OptOutRequest
    ) throws(PipelineFailure) -> (entry: OptOutListing, isNew: Bool, effect: OptOutEffectReport) {
        try OptOutWork.add(request)
    }

    /// Imports a list of opt-outs in the form of the `opt_outs` key.
    /// `isConfined` is as in `OptOutRequest`.
    package static func importOptOuts(
        pipeline: String, file: String, now: String?, isConfined: Bool = false
    ) throws(PipelineFailure) -> OptOutImportReport {
        try OptOutImport.run(pipeline: pipeline, file: file, now: now, isConfined: isConfined)
    }

    /// Ends opt-outs: the one of number `id`, or all of a subject that hold or will. `date` is the
    /// first day on which they no longer hold; nil: today. `isConfined` is as in `OptOutRequest`.
    package static func withdrawOptOut(
        pipeline: String, id: Int64?, subject: OptOutSubject, date: String?, now: String?,
        isConfined: Bool = false
    ) throws(PipelineFailure) -> [OptOutListing] {
        let session = try OptOutWork.session(ifAnyOf: pipeline, now, isConfined: isConfined)
        return try OptOutWork.withdraw(session, id: id, subject, date: date)
    }

    /// All opt-outs of the registry in the order in which they were entered.
    /// `isConfined` is as in `OptOutRequest`.
    package static func listOptOuts(
        pipeline: String, now: String?, isConfined: Bool = false
    ) throws(PipelineFailure) -> [OptOutListing] {
        try OptOutWork.list(
            OptOutWork.session(ifAnyOf: pipeline, now, isConfined: isConfined))
    }

    /// What the registry and the pipeline's own list say of one customer or user.
    /// `isConfined` is as in `OptOutRequest`.
    package static func checkOptOut(
        pipeline: String, subject: OptOutSubject, now: String?, isConfined: Bool = false
    ) throws(PipelineFailure) -> OptOutCheckReport {
        try OptOutWork.check(pipeline: pipeline, subject, now: now, isConfined: isConfined)
    }
}
