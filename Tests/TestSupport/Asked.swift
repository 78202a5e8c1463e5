private import Glibc

/// What a variable of the environment asks of the long form of a test.
///
/// Words that cannot be read are refused. Passed over in silence, they would leave a proof that
/// nobody has run, and that looks as if it had been.
public struct Asked: Sendable {
    public let variable: String
    /// What it must be like, for somebody whose words cannot be read.
    public let form: String
    /// Nil where it is not set.
    public let words: String?

    public init(_ variable: String, form: String) {
        let value = unsafe getenv(variable)
        self.init(variable, form: form, words: unsafe value.map { unsafe String(cString: $0) })
    }

    public init(_ variable: String, form: String, words: String?) {
        (self.variable, self.form, self.words) = (variable, form, words)
    }

    public var isMade: Bool { words != nil }

    /// What is read out of each of the words between commas; none where nothing is asked for.
    public func list<Value>(_ read: (Substring) throws -> Value?) throws -> [Value] {
        guard let words else { return [] }
        return try words.split(separator: ",", omittingEmptySubsequences: false).map { word in
            guard let value = try read(word) else { throw oddWords }
            return value
        }
    }

    /// The only word, as it is read.
    public func one<Value>(_ read: (Substring) throws -> Value?) throws -> Value {
        let all = try list(read)
        guard let first = all.first, all.count == 1 else { throw oddWords }
        return first
    }

    /// True when a test is asked for that has nothing to choose: the variable is 1.
    public func isTold() throws -> Bool {
        try words != nil && one { $0 == "1" ? true : nil }
    }

    public var oddWords: OddWords {
        OddWords(sentence: "\(variable) is \"\(words ?? "")\": \(form) is expected")
    }

    /// A whole number, of digits alone.
    public static func number(_ word: Substring) -> UInt64? {
        word.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt64(word) : nil
    }

    /// How many: at least one.
    public static func count(_ word: Substring) -> Int? {
        number(word).flatMap { $0 > 0 && $0 <= UInt32.max ? Int($0) : nil }
    }

    public struct OddWords: Error, CustomStringConvertible {
        let sentence: String
        public var description: String { sentence }
    }
}
