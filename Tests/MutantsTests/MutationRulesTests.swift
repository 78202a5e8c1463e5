import Testing

@testable import Mutants

/// What is changed of a source, and how it is written.
@Suite struct MutationRulesTests {
    private func rules(
        _ source: String, excluding excluded: [Int: MutationRules.Exclusion] = [:]
    ) -> MutationRules {
        MutationRules(file: "F.swift", bytes: Array(source.utf8), excluding: excluded, first: 1)
    }

    private func text(_ rules: MutationRules, of source: String) -> String {
        String(decoding: rules.applied(to: Array(source.utf8)), as: UTF8.self)
    }

    @Test(arguments: [
        ("a < b", "a <^ b", ["`<` becomes `<=`"]),
        ("a >= b", "a >=^ b", ["`>=` becomes `>`"]),
        ("a == nil", "a == nil", []),
        ("a && !b", "a &&^ !^~b", ["`&&` becomes `||`", "`!` is left out"]),
        ("x = a + b - c", "x = a +^ b -^~ c", ["`+` becomes `-`", "`-` becomes `+`"]),
        (#"x = a + "b""#, #"x = a + "b""#, []),
        ("f(-1, x.0, 2.5)", "f(mutantNumber(1, -1), x.0, 2.5)", ["`-1` is one more"]),
        ("x = a - 1", "x = a -^ mutantNumber(2, 1)", ["`-` becomes `+`", "`1` is one more"]),
        ("f(capacity: 64)", "f(capacity: 64)", []),
        ("x.removeAll(keepingCapacity: true)", "x.removeAll(keepingCapacity: true)", []),
        ("x = true", "x = mutantFlag(1, true)", ["`true` is the other one"]),
        ("x = max(a, b)", "x = mutantGreatest(1, a, b)", ["`max` becomes `min`"]),
        ("x = list.max(by: f)", "x = list.max(by: f)", []),
        ("// a < 1", "// a < 1", []),
        (#"x = "a < 1 \(b)""#, #"x = "a < 1 \(b)""#, []),
        ("let x: List<Int> = f(a) -> b", "let x: List<Int> = f(a) -> b", []),
    ])
    func changesSignsAndLiterals(source: String, changed: String, changes: [String]) {
        let rules = rules(source)
        #expect(rules.mutants.map(\.change) == changes)
        #expect(text(rules, of: source) == changed)
    }

    @Test(arguments: [
        (
            "if isHeld { return }", "if mutantClause(1, 2, isHeld) { return }",
            ["a clause of `if` is never true", "a clause of `if` is always true"]
        ),
        (
            "while isOpen, let x = next() {}",
            "while mutantClause(1, 0, isOpen), let x = next(), mutantKeeps(2) {}",
            ["a clause of `while` is never true", "the binding of `while` fails"]
        ),
        (
            "guard case .a = b, list.contains(where: { $0.c }) else { return }",
            "guard case .a = b, mutantClause(1, 2, list.contains(where: { $0.c }))"
                + ", mutantKeeps(3) else { return }",
            [
                "a clause of `guard` is never true", "a clause of `guard` is always true",
                "the binding of `guard` fails",
            ]
        ),
        ("while true { f() }", "while true { f() }", []),
        ("if #available(macOS 10, *) {}", "if #available(macOS 10, *) {}", []),
    ])
    func changesConditions(source: String, changed: String, changes: [String]) {
        let rules = rules(source)
        #expect(rules.mutants.map(\.change).filter { !$0.contains("10") } == changes)
        if !source.contains("10") { #expect(text(rules, of: source) == changed) }
    }

    @Test func leavesStatementsOut() {
        let source = """
            func f() {
                let a: Int
                a = 1
                count += a
                keys.remove(a)
                    .also(b)
                return
            }
            func g() -> Int {
                h(of: b)
            }
            """
        let rules = rules(source, excluding: [3: .numbers])
        #expect(
            text(rules, of: source) == """
                func f() {
                    let a: Int
                    a = 1
                    if mutantKeeps(2) { count += a }
                    if mutantKeeps(3) { keys.remove(a)
                        .also(b) }
                    return
                }
                func g() -> Int {
                    h(of: b)
                }
                """)
        #expect(rules.mutants.map(\.line) == [4, 5])
    }

    @Test func numbersStayWhateverIsLeftOut() {
        let source = "a = b < 1\nc = d < 2\n"
        let all = rules(source)
        #expect(all.mutants.map(\.number) == [1, 2, 3, 4])
        let numbers = rules(source, excluding: [1: .numbers])
        #expect(numbers.mutants.map(\.number) == [1, 3, 4])
        let line = rules(source, excluding: [1: .everything])
        #expect(line.mutants.map(\.number) == [3, 4])
        #expect([all, numbers, line].map(\.count) == [4, 4, 4])
        #expect([all, numbers, line].map { SwitchSource.text($0.operators) }
            .allSatisfy { $0 == SwitchSource.text(all.operators) })
    }

    @Test func keysStayWhenLinesMove() {
        let source = """
            func f() {
                x = a < b || c < d
            }
            """
        let keys = [
            "F.swift | f | `<` becomes `<=` | x = a < b || c < d",
            "F.swift | f | `||` becomes `&&` | x = a < b || c < d",
            "F.swift | f | `<` becomes `<=` | x = a < b || c < d | 2",
        ]
        #expect(rules(source).mutants.map(\.key) == keys)
        #expect(rules("let y = z\n\n" + source).mutants.map(\.key) == keys)
        let list = Equivalents("# reasons\n" + keys.map { "\($0)  # equal\n" }.joined())
        let mutants = rules(source).mutants
        #expect(mutants.map { list.contains($0) } == [true, true, true])
        #expect(list.stale(among: mutants) == [])
        #expect(list.stale(among: rules("x = a < b").mutants) == keys.sorted())
    }
}
