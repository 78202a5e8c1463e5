/// The text of the file that each changed module is given: the switch, and what the changed places
/// call.
enum SwitchSource {
    static let fileName = "MutantSwitch.swift"

    static func text(_ operators: [PlaceOperator]) -> String {
        common + operators.map(declaration).joined()
    }

    /// `SLUICE_MUTANT` is the number of the mutant that is on. Into the file `SLUICE_MUTANT_MARKS`,
    /// one byte for each number, goes which changes would have given another value at their place,
    /// as far as that can be told there: a test in which one gives the same cannot notice it.
    private static let common = """
        import Glibc

        @usableFromInline let mutantOn: Int = {
            unsafe getenv("SLUICE_MUTANT").flatMap { unsafe Int(String(cString: $0)) } ?? 0
        }()
        @usableFromInline nonisolated(unsafe) let mutantMarks: UnsafeMutablePointer<UInt8>? = {
            guard let path = unsafe getenv("SLUICE_MUTANT_MARKS") else { return nil }
            let file = unsafe open(path, O_RDWR | O_CLOEXEC)
            guard file >= 0 else { return nil }
            var status = stat()
            unsafe fstat(file, &status)
            let map = unsafe mmap(
                nil, Int(status.st_size), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
            close(file)
            guard unsafe map != MAP_FAILED else { return nil }
            return unsafe map?.assumingMemoryBound(to: UInt8.self)
        }()
        @usableFromInline func mutantIs(_ number: Int) -> Bool {
            if let marks = unsafe mutantMarks { unsafe marks[number] = 1 }
            return mutantOn == number
        }
        @usableFromInline func mutantClause(_ never: Int, _ always: Int, _ value: Bool) -> Bool {
            value ? !mutantIs(never) : always > 0 && mutantIs(always)
        }
        @usableFromInline func mutantKeeps(_ number: Int) -> Bool { !mutantIs(number) }
        @usableFromInline func mutantFlag(_ number: Int, _ value: Bool) -> Bool {
            mutantIs(number) ? !value : value
        }
        @usableFromInline func mutantNumber<T: FixedWidthInteger>(
            _ number: Int, _ value: T
        ) -> T { mutantIs(number) ? value &+ 1 : value }
        @usableFromInline func mutantLeast<T: Comparable>(
            _ number: Int, _ one: T, _ other: T
        ) -> T { one != other && mutantIs(number) ? max(one, other) : min(one, other) }
        @usableFromInline func mutantGreatest<T: Comparable>(
            _ number: Int, _ one: T, _ other: T
        ) -> T { one != other && mutantIs(number) ? min(one, other) : max(one, other) }

        """

    private static func declaration(_ made: PlaceOperator) -> String {
        switch made.kind {
        case .negation: negation(made)
        case .comparison: comparison(made)
        case .sum: sum(made)
        case .conjunction: junction(made, "LogicalConjunctionPrecedence")
        case .disjunction: junction(made, "LogicalDisjunctionPrecedence")
        }
    }

    private static func negation(_ made: PlaceOperator) -> String {
        """
        prefix operator \(made.sign)
        @usableFromInline prefix func \(made.sign) (_ value: Bool) -> Bool {
            mutantIs(\(made.number)) ? value : !value
        }

        """
    }

    private static func comparison(_ made: PlaceOperator) -> String {
        let bound = ["==", "!="].contains(made.original) ? "Equatable" : "Comparable"
        return """
            infix operator \(made.sign): ComparisonPrecedence
            @usableFromInline func \(made.sign) <T: \(bound)>(one: T, other: T) -> Bool {
                let value = one \(made.original) other
                let changed = one \(made.changed) other
                return value != changed && mutantIs(\(made.number)) ? changed : value
            }

            """
    }

    /// What overflows is worked out only when it is on.
    private static func sum(_ made: PlaceOperator) -> String {
        """
        infix operator \(made.sign): AdditionPrecedence
        @usableFromInline func \(made.sign) <T: AdditiveArithmetic>(one: T, other: T) -> T {
            if other != .zero, mutantIs(\(made.number)) { return one \(made.changed) other }
            return one \(made.original) other
        }

        """
    }

    /// What the original leaves unasked is asked only when it is on.
    private static func junction(_ made: PlaceOperator, _ precedence: String) -> String {
        """
        infix operator \(made.sign): \(precedence)
        @usableFromInline func \(made.sign) (
            one: Bool, other: @autoclosure () throws -> Bool
        ) rethrows -> Bool {
            if one == \(made.original == "||") {
                return mutantIs(\(made.number)) ? try other() : one
            }
            let value = try other()
            return value != one && mutantIs(\(made.number)) ? one : value
        }

        """
    }
}
