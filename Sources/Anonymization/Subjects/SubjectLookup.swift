internal import KeyedHashing
internal import Records

/// Asks a register about records, in one worker.
///
/// A value is hashed once and its answer remembered by the bytes as they stand in the source, so a
/// record costs a look into a table for each identity. What is remembered is bounded and wiped, as
/// in `ReplacementCache`. For each record: `begin`, then `add` for the customer first and then for
/// everything else, then `verdict`.
struct SubjectLookup: ~Copyable {
    /// What a value stands for: a subject's number, and the rules that reach it.
    private struct Class: Hashable {
        /// -1: in no rule.
        var number: Int32
        var rules: [Int32]
    }

    private let register: SubjectRegister
    /// What is barred for a record without a customer.
    private let missingCustomer: OptOutEffect
    /// The most different answers remembered.
    private let answersMax: Int
    private var memory = ReplacementCache()
    private var classes = [Class(number: -1, rules: [])]
    private var classNumbers: [Class: Int32] = [:]
    private var answer = ByteBuffer(capacity: 16)
    private var time: Int64?
    /// The customer of the record at hand: its number, -1 when no rule knows it, -2 without one.
    private var customer: Int32 = -2

    /// How many different answers are remembered, that of nobody included.
    var answerCount: Int { classes.count }

    private(set) var verdict = SubjectVerdict.none
    private(set) var matches: SubjectMatches

    /// `bindsMissing` is false for records that do not say whose they are, whoever's they were.
    /// At least one answer is remembered besides that of nobody.
    init(_ register: SubjectRegister, bindsMissing: Bool = true, answersMax: Int = 1 << 16) {
        self.register = register
        self.answersMax = answersMax
        missingCustomer = bindsMissing ? register.missingCustomer : []
        matches = SubjectMatches(register)
    }

    /// Begins a record of the event time `time`; without one every rule counts as in force.
    mutating func begin(time: EventTime?) {
        verdict = .none
        customer = -2
        self.time = time?.milliseconds
        for rule in register.everybody { apply(rule) }
    }

    /// Adds the customer, without white space around it; an empty one is missing.
    mutating func add(customer text: Span<UInt8>) {
        guard !text.isEmpty else {
            verdict.optedOut.formUnion(missingCustomer)
            return
        }
        customer = -1
        guard register.hasCustomers else { return }
        let index = Int(classNumber(of: text, .customer))
        customer = classes[index].number
        apply(classes[index].rules)
    }

    /// Adds a text of a field for the customer that does not say which of its texts names one: the
    /// customer counts as missing, and what is in force for any of them binds.
    mutating func add(possibleCustomer text: Span<UInt8>) {
        guard register.hasCustomers, !text.isEmpty else { return }
        apply(classes[Int(classNumber(of: text, .customer))].rules)
    }

    /// Adds the user, without white space around it; an empty one is missing.
    mutating func add(user text: Span<UInt8>) {
        guard register.hasUsers, !text.isEmpty else { return }
        apply(classes[Int(classNumber(of: text, .user))].rules)
    }

    /// Adds the text of a field that holds an address, or a list of them.
    mutating func add(addresses text: Span<UInt8>) {
        guard register.asksForAddresses, !text.isEmpty else { return }
        apply(classes[Int(classNumber(of: text, .address))].rules)
    }

    private mutating func apply(_ rules: [Int32]) {
        for rule in rules { apply(rule) }
    }

    private mutating func apply(_ index: Int32) {
        let rule = register.rules[Int(index)]
        if let time, time < rule.from || time >= rule.until { return }
        if rule.within >= 0, customer != -2, customer != rule.within { return }
        switch rule.effect {
        case .held(let hold):
            verdict.isHeld = true
            verdict.shownIn |= register.holds[hold].shownIn
            matches.insert(hold: hold)
        case .erased: verdict.isErased = true
        case .restricted: verdict.isRestricted = true
        case .optedOut(let effect, let entry):
            verdict.optedOut.formUnion(effect)
            matches.insert(optOut: entry)
        }
    }

    // MARK: What a value stands for

    private mutating func classNumber(of text: Span<UInt8>, _ kind: SubjectKind) -> Int32 {
        let tag: Int32 =
            switch kind {
            case .customer: 0
            case .user: 1
            case .address: 2
            }
        return unsafe text.withUnsafeBufferPointer { buffer in
            guard let key = buffer.baseAddress else { return 0 }
            let hash =
                unsafe ByteHash.of(key, count: buffer.count) ^ UInt64(UInt32(bitPattern: tag))
            answer.removeAll()
            let known = unsafe memory.find(
                key, length: buffer.count, tag: tag, hash: hash, into: &answer)
            if known != nil {
                return unsafe UnsafeRawPointer(answer.base).loadUnaligned(as: Int32.self)
            }
            let number = work(out: text, kind)
            answer.removeAll()
            answer.reserve(4)
            unsafe UnsafeMutableRawPointer(answer.base).storeBytes(of: number, as: Int32.self)
            unsafe memory.insert(
                key, length: buffer.count, tag: tag, hash: hash, value: answer.base,
                valueLength: 4, result: .plainText)
            return number
        }
    }

    /// Hashes the value and finds its rules.
    private mutating func work(out text: Span<UInt8>, _ kind: SubjectKind) -> Int32 {
        guard kind == .address else {
            let own = standing(of: register.hasher?.hash(kind, text))
            guard own.number < 0, let other = CanonicalSubject.otherName(of: text) else {
                return intern(own)
            }
            return intern(standing(of: register.hasher?.hash(kind, other.span)))
        }
        var rules: [Int32] = []
        let register = register
        var ignored = ByteBuffer(capacity: 16)
        _ = AddressReading().rewrite(text, into: &ignored) { address, _ in
            for identity in address.identities { rules += Self.rules(of: identity, register) }
            return true
        }
        return intern(Class(number: -1, rules: Array(Set(rules)).sorted()))
    }

    private func standing(of hash: SubjectHash?) -> Class {
        guard let hash, let number = register.numbers[hash] else {
            return Class(number: -1, rules: [])
        }
        return Class(number: number, rules: register.rulesOfSubject[Int(number)])
    }

    private static func rules(of address: IPAddress, _ register: SubjectRegister) -> [Int32] {
        var rules = register.networks.filter { $0.network.contains(address) }.map(\.rule)
        if register.hasAddressHashes,
            let hash = register.hasher?.hash(.address, address.textBytes.span),
            let number = register.numbers[hash]
        {
            rules += register.rulesOfSubject[Int(number)]
        }
        return rules
    }

    private mutating func intern(_ entry: Class) -> Int32 {
        if let known = classNumbers[entry] { return known }
        if classes.count >= answersMax {
            memory.wipe()
            classNumbers.removeAll()
            classes.removeLast(classes.count - 1)
        }
        if entry.number < 0, entry.rules.isEmpty { return 0 }
        let number = Int32(classes.count)
        classes.append(entry)
        classNumbers[entry] = number
        return number
    }
}
