@testable import Pipelines

extension RegistryStore {
    static let anna = logLine("2026-04-10")
    static let bob = logLine("2026-04-10", user: "bob", customer: "c2", ip: "198.51.100.9")

    /// One with both in its outputs and figures, and a list that names neither.
    static func filled(_ more: String = "") throws -> RegistryStore {
        let store = try RegistryStore()
        try store.pipeline(more)
        try store.write("list.csv", "customer,purpose,effective_date\nc9,*,2026-01-01\n")
        try store.source("1", [anna, bob])
        try store.run("2026-04-15")
        return store
    }

    @discardableResult
    func addOptOut(
        customer: String? = nil, user: String? = nil, now: String = "2026-04-16",
        _ change: (inout OptOutRequest) -> Void = { _ in }
    ) throws -> (entry: OptOutListing, isNew: Bool, effect: OptOutEffectReport) {
        var request = OptOutRequest(
            pipeline: file, subject: OptOutSubject(customer: customer, user: user))
        request.now = now
        change(&request)
        return try Sluice.addOptOut(request)
    }
}

extension TemporaryPipeline {
    /// How many records its outputs have.
    func recordsLeft() throws -> Int {
        try files(below: "out").filter { $0.hasSuffix(".jsonl") }
            .reduce(0) { try $0 + text("out/\($1)").split(separator: "\n").count }
    }
}
