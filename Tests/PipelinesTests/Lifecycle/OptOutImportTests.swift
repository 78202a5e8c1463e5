import Records
import Testing

@testable import Pipelines

@Suite("Imports of opt-outs")
struct OptOutImportTests {
    @Test("an import enters, ends, and tells the difference")
    func imports() throws {
        let store = try RegistryStore.filled()
        try store.addOptOut(customer: "c7") { $0.effective = "2026-01-01" }
        try store.write(
            "a.csv",
            """
            customer,person,purposes,categories,effective_date,withdrawn_date
             c1 ,,*,,2026-01-01,
            c2,bob,statistics;marketing,technical,2026-02-01,
            c3,,security,,2026-02-01,

            """)
        func imported(_ now: String) throws -> OptOutImportReport {
            try Sluice.importOptOuts(
                pipeline: store.file, file: "\(store.path)/a.csv", now: now)
        }
        let first = try imported("2026-04-16")
        #expect(first.added == [2, 3, 4])
        #expect(first.notInFile == [1])
        #expect(first.effect.rows > 0)
        let again = try imported("2026-04-17")
        #expect(again.known == [2, 3, 4] && again.effect == OptOutEffectReport())
        try store.write(
            "a.csv",
            """
            customer,purposes,effective_date,withdrawn_date
            c1,*,2026-01-01,2026-04-18

            """)
        let last = try imported("2026-04-17")
        #expect(last.withdrawn == [2])
        #expect(last.notInFile == [1, 3, 4])
        let list = try Sluice.listOptOuts(pipeline: store.file, now: "2026-04-18")
        #expect(list.map(\.state) == [.inForce, .withdrawn, .inForce, .inForce])
        #expect(list[2].scopes == ["marketing / technical", "statistics / technical"])
        #expect(list[3].scopes == ["security / *"])
        try store.write("a.csv", "customer,purposes,effective_date\nc1,*,2026-01-01\n")
        #expect(try imported("2026-04-19").staysWithdrawn == [2])
    }

    @Test("of lines that differ in their end only, the one that ends last counts, in any order")
    func importedTwice() throws {
        let rows = ["", "2026-02-01", "2026-03-01"].map { "c1,*,2026-01-01,\($0)" }
        for (order, line) in [([0, 1], 2), ([1, 0], 3), ([1, 2, 0], 4), ([1, 0, 0, 2], 3)] {
            let store = try RegistryStore.filled()
            func imported() throws -> OptOutImportReport {
                try Sluice.importOptOuts(
                    pipeline: store.file, file: "\(store.path)/a.csv", now: "2026-04-16")
            }
            let head = "customer,purposes,effective_date,withdrawn_date\n"
            try store.write("a.csv", head + order.map { rows[$0] + "\n" }.joined())
            let first = try imported()
            #expect(first.added == [line])
            #expect(first.known == (2..<order.count + 2).filter { $0 != line })
            // Nor do the others end what is in force.
            let again = try imported()
            #expect(again.withdrawn.isEmpty && again.added.isEmpty)
            let list = try Sluice.listOptOuts(pipeline: store.file, now: "2026-04-16")
            #expect(list.map(\.state) == [.inForce], "\(order)")
        }
        let store = try RegistryStore.filled()
        try store.write(
            "a.csv",
            "customer,purposes,effective_date,withdrawn_date\n\(rows[2])\n\(rows[1])\n")
        let report = try Sluice.importOptOuts(
            pipeline: store.file, file: "\(store.path)/a.csv", now: "2026-02-15")
        #expect(report.added == [2] && report.known == [3])
        let list = try Sluice.listOptOuts(pipeline: store.file, now: "2026-02-15")
        #expect(list.map(\.state) == [.inForce])
    }

    @Test("an entry of the registry that ended before its line does is told")
    func importedWithALaterEnd() throws {
        let store = try RegistryStore.filled()
        func imported(_ withdrawn: String) throws -> OptOutImportReport {
            try store.write(
                "a.csv",
                "customer,purposes,effective_date,withdrawn_date\nc1,*,2026-01-01,\(withdrawn)\n")
            return try Sluice.importOptOuts(
                pipeline: store.file, file: "\(store.path)/a.csv", now: "2026-04-16")
        }
        #expect(try imported("2026-02-01").added == [2])
        #expect(try imported("2026-02-01").known == [2])
        let later = try imported("2026-06-01")
        #expect(later.staysWithdrawn == [2] && later.known.isEmpty && later.added.isEmpty)
        // With another beside it that is in force, that one is meant.
        try store.addOptOut(customer: "c1") { $0.effective = "2026-01-01" }
        #expect(try imported("").known == [2])
        #expect(try imported("2026-06-01").withdrawn == [2])
    }

    @Test("opt-outs of data of any age and of events from a day on are two")
    func importedOnAnotherBasis() throws {
        let store = try RegistryStore.filled("opt_outs: { file: list.csv, basis: event }")
        try store.write("a.csv", "customer,purposes,effective_date\nc1,*,2026-04-12\n")
        func imported() throws -> OptOutImportReport {
            try Sluice.importOptOuts(
                pipeline: store.file, file: "\(store.path)/a.csv", now: "2026-04-16")
        }
        #expect(try imported().added == [2])
        #expect(try store.lines("use").filter { $0.contains(#""ip""#) }.count == 2)
        try store.pipeline("opt_outs: { file: list.csv, basis: use }")
        #expect(try imported().added == [2])
        #expect(try store.lines("use").filter { $0.contains(#""ip""#) }.count == 1)
        #expect(try imported().known == [2])
    }

    @Test("an opt-out that was withdrawn reaches what was stored where event times decide")
    func importedBehindItsEnd() throws {
        for (basis, withdrawn, isTaken) in [
            ("event", "2026-04-11", true), ("event", "2026-04-10", false),
            ("event", "2026-04-16", true), ("use", "2026-04-11", false),
            ("use", "2026-04-16", false), ("use", "2026-04-17", true),
        ] {
            let store = try RegistryStore.filled("opt_outs: { file: list.csv, basis: \(basis) }")
            try store.write(
                "a.csv",
                "customer,purposes,effective_date,withdrawn_date\n"
                    + "c1,*,2026-04-01,\(withdrawn)\n")
            let report = try Sluice.importOptOuts(
                pipeline: store.file, file: "\(store.path)/a.csv", now: "2026-04-16")
            #expect(report.added == [2])
            let left = try store.lines("use").filter { $0.contains(#""ip""#) }
            #expect(left.count == (isTaken ? 1 : 2), "\(basis), \(withdrawn)")
        }
    }

    @Test("a list with faults names their lines and enters nothing")
    func importedFaults() throws {
        let store = try RegistryStore.filled()
        try store.write("a.csv", "customer,purpose,effective_date\nc1,*,2026-01-01\nc2,*,soon\n")
        do {
            _ = try Sluice.importOptOuts(
                pipeline: store.file, file: "\(store.path)/a.csv", now: "2026-04-16")
            Issue.record("expected a fault")
        } catch {
            guard case .tables(let faults, let file) = error else { throw error }
            #expect(file == "\(store.path)/a.csv")
            #expect(faults.map(\.position) == [SettingPosition(line: 3, column: 1)])
        }
        #expect(try Sluice.listOptOuts(pipeline: store.file, now: nil) == [])
    }
}
