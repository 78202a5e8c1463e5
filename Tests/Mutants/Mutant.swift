/// One change of one place in a file.
struct Mutant: Sendable {
    /// From 1 on; the number that switches it on.
    let number: Int
    /// The path of the file in the package.
    let file: String
    /// 1-based.
    let line: Int
    /// What is changed, in words.
    let change: String
    /// What stands for it in the list of equivalent ones: the file, the function, the change and
    /// the line as it is written, so that lines may move; and which one it is of several such.
    let key: String
    /// True for a changed number or sum.
    let isNumber: Bool
}

/// A piece of text that takes the place of some bytes of a file; lines stay where they are.
struct Edit {
    let range: Range<Int>
    let text: String
    /// Which of the edits at one place comes first: what closes, innermost first, before what
    /// opens, outermost first.
    let rank: Int
}

/// An operator that a place is given, which means one thing or another as the mutant is off or on.
struct PlaceOperator {
    enum Kind {
        case comparison, conjunction, disjunction, negation, sum
    }

    let number: Int
    let kind: Kind
    let original: String
    let changed: String

    /// Its own sign: the original one and the number in two signs.
    var sign: String {
        original + String(number, radix: 2).map { $0 == "0" ? "~" : "^" }.joined()
    }
}
