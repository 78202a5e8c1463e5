/// Finds in one pass which of a few dozen short words occur in a text.
///
/// Two neighbouring bytes choose a slot in a small table; nearly all pairs of a text fall into
/// empty slots and cost one look-up. At the others the words of the slot are compared. Time is
/// linear: a pair is compared with a bounded number of words of bounded length.
struct WordSearch: Sendable {
    /// One word and what its presence says.
    struct Word: Sendable {
        let bytes: [UInt8]
        /// The bits it adds to the answer.
        let marks: UInt32
        /// True when a letter right behind it makes it another word.
        let endsWord: Bool
        /// The two bytes in lower case right before it that make it another word.
        let notBehind: [UInt8]

        init(_ text: String, marks: UInt32, endsWord: Bool = false, notBehind: String = "") {
            bytes = Array(text.utf8)
            self.marks = marks
            self.endsWord = endsWord
            self.notBehind = Array(notBehind.utf8)
        }
    }

    /// The number of slots, a power of two.
    static let slotCount = 2048

    /// For each slot the number of the first word in `words`, plus 1, or 0.
    private var slots = [UInt8](repeating: 0, count: WordSearch.slotCount)
    /// For each word the next one of the same slot, plus 1, or 0.
    private var following: [UInt8]
    private let words: [Word]

    /// Prepares the search for at most 254 words of at least two bytes each.
    init(_ words: [Word]) {
        precondition(words.count < 255 && words.allSatisfy { $0.bytes.count >= 2 })
        self.words = words
        following = [UInt8](repeating: 0, count: words.count)
        for (number, word) in words.enumerated() {
            let slot = Self.slot(word.bytes[0], word.bytes[1])
            following[number] = slots[slot]
            slots[slot] = UInt8(number + 1)
        }
    }

    @inline(__always) static func slot(_ first: UInt8, _ second: UInt8) -> Int {
        (Int(first) &* 37 ^ Int(second) &* 5) & (slotCount - 1)
    }

    /// The marks of all words that occur in `text`.
    func marks(in text: ByteView) -> UInt32 {
        var found: UInt32 = 0
        var index = text.firstPair(in: slots, from: text.lower)
        while index < text.upper {
            var number = Int(slots[Self.slot(text[index], text[index + 1])])
            while number > 0 {
                let word = words[number - 1]
                if found & word.marks != word.marks, stands(word, in: text, at: index) {
                    found |= word.marks
                }
                number = Int(following[number - 1])
            }
            index = text.firstPair(in: slots, from: index + 1)
        }
        return found
    }

    private func stands(_ word: Word, in text: ByteView, at index: Int) -> Bool {
        guard text.matches(word.bytes, at: index) else { return false }
        if word.endsWord, text.isAny(ByteClass.letter, at: index + word.bytes.count) {
            return false
        }
        guard word.notBehind.count == 2 else { return true }
        return text[index - 2] | 32 != word.notBehind[0]
            || text[index - 1] | 32 != word.notBehind[1]
    }
}
