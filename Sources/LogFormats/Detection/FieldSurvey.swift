package import Anonymization
package import Records

/// What the fields at the start of a log look like: names, looks and numbers, and no value.
///
/// A name that may itself be a value (an address, a run of digits, one of ever-changing members of
/// an object) is left out and only counted.
package struct FieldSurvey: Sendable {
    /// One field over all records that were looked at.
    package struct Field: Sendable {
        /// As pipelines name it, a path in JSON.
        package let name: String
        /// How many values there were; several in one record count each.
        package fileprivate(set) var count = 0
        /// How many of the values have each look.
        package fileprivate(set) var looks: [ValueLook: Int] = [:]
        /// True when it stands in lists.
        package fileprivate(set) var isRepeated = false
        /// True when one of its values is its own name.
        package fileprivate(set) var holdsItsName = false
        /// True when one of its values has five digits or more in a row.
        package fileprivate(set) var hasLongNumbers = false
        /// Hashes of different values, at most `FieldSurvey.distinctMax`.
        private var seen: Set<UInt64> = []

        fileprivate init(_ name: String) { self.name = name }

        /// How many different values there were, up to `FieldSurvey.distinctMax`.
        package var distinctCount: Int { seen.count }

        fileprivate mutating func add(_ value: [UInt8]) {
            count += 1
            guard !value.isEmpty else { return }
            looks[ValueLook(of: value.span), default: 0] += 1
            if value.elementsEqual(name.utf8) { holdsItsName = true }
            if Self.hasLongNumber(value) { hasLongNumbers = true }
            guard seen.count < FieldSurvey.distinctMax else { return }
            var hasher = Hasher()
            hasher.combine(value)
            seen.insert(UInt64(bitPattern: Int64(hasher.finalize())))
        }

        private static func hasLongNumber(_ value: [UInt8]) -> Bool {
            value.split(whereSeparator: { $0 &- UInt8(ascii: "0") >= 10 }).contains {
                $0.count >= 5
            }
        }
    }

    /// How much of a log is looked at, in bytes.
    package static let sampleBytes = 1 << 20
    /// Different values of a field are counted so far.
    package static let distinctMax = 200
    /// More fields than these are left out, and counted.
    private static let fieldsMax = 500

    /// The fields in the order in which they appeared.
    package private(set) var fields: [Field] = []
    /// How many records were looked at, and how many lines could not be read.
    package private(set) var recordCount = 0
    package private(set) var unreadableCount = 0
    /// True when a second header follows, which may name other fields.
    package private(set) var hasFurtherHeaders = false
    /// How many different names were left out because they may be values.
    package private(set) var withheldNames = 0

    private var places: [String: Int] = [:]
    private var withheld: Set<String> = []
    private var objects: [String: ObjectTally] = [:]

    /// Looks at `start`, the first bytes of a log in `format`; `isComplete` when they are all that
    /// there is. Throws when the log has no header where it must have one.
    package init(
        _ start: [UInt8], isComplete: Bool, format: any LogFormat
    ) throws(SourceFault) {
        let limits = RecordLimits()
        let made = try LogStart(start, isComplete: isComplete, format: format, limits: limits)
        guard let log = made else { return }
        hasFurtherHeaders = log.endsAtHeader
        switch format.syntax {
        case .json: readJSON(log.chunk, format, limits)
        case .logfmt: read(log.chunk, format, logfmtNames(log.bytes), limits)
        default: read(log.chunk, format, log.chunk.columns ?? Self.ownNames(format), limits)
        }
        finish()
    }

    /// Counts a line that is not blank; true when it is a record that can be read.
    private mutating func takes(_ row: Int, of table: borrowing RecordTable) -> Bool {
        if table.state(row) == .blank { return false }
        guard table.isGood(row) else {
            unreadableCount += 1
            return false
        }
        recordCount += 1
        return true
    }

    // MARK: Formats whose names are known before their values

    private static func ownNames(_ format: any LogFormat) -> [String] {
        format.fieldNames ?? (format as? SyslogFormat)?.headerNames ?? []
    }

    private mutating func logfmtNames(_ bytes: [UInt8]) -> [String] {
        var names: [String] = []
        for line in bytes.split(separator: 0x0A).prefix(1000) {
            object(at: "")
            for name in LogfmtText.keys(of: Array(line).span) where isNameable(name) {
                if objects["", default: ObjectTally()].add(name) == 1 { names.append(name) }
            }
        }
        return Array(names.prefix(Self.fieldsMax))
    }

    private mutating func read(
        _ chunk: borrowing Chunk, _ format: any LogFormat, _ names: [String],
        _ limits: RecordLimits
    ) {
        let nameable = names.filter { isNameable($0) }
        for name in nameable { place(of: name) }
        let asked = nameable + (format.unnamedField.map { [$0] } ?? [])
        let reader = format.makeReader(fields: DeclaredFields(names: asked), limits: limits)
        var table = RecordTable(slotCount: asked.count)
        reader.index(chunk, into: &table)
        for row in 0..<table.count where takes(row, of: table) {
            for slot in nameable.indices {
                add(table.slice(slot: slot, row: row), chunk.buffer.bytes, reader, nameable[slot])
            }
        }
    }

    private mutating func add(
        _ slice: FieldSlice, _ bytes: Span<UInt8>, _ reader: any RecordReader, _ name: String
    ) {
        guard slice.hasValue, slice.kind != .several else { return }
        var text = ByteBuffer()
        if slice.kind == .escapedText {
            reader.decode(slice, in: bytes, into: &text)
        } else {
            text.append(bytes.extracting(slice.offset..<slice.end))
        }
        add(text.array(), to: name)
    }

    // MARK: Formats whose names stand in each record

    private mutating func readJSON(
        _ chunk: borrowing Chunk, _ format: any LogFormat, _ limits: RecordLimits
    ) {
        let reader = format.makeReader(fields: DeclaredFields(names: []), limits: limits)
        var table = RecordTable(slotCount: 0)
        reader.index(chunk, into: &table)
        for row in 0..<table.count where takes(row, of: table) {
            var text = ByteBuffer()
            text.append(chunk.buffer.bytes.extracting(table.range(row)))
            var walk = JSONLeafWalk(text.array())
            walk.run(into: &self)
        }
    }

    /// Notes that the object at `path` has a member; nil when the member is not to be named.
    mutating func member(_ name: [UInt8], of path: String) -> String? {
        let text = String(decoding: name, as: UTF8.self)
        guard isNameable(text) else { return nil }
        objects[path, default: ObjectTally()].add(text)
        return path + (path.isEmpty ? "" : ".") + JSONFieldPath.escaped(text)
    }

    /// Notes that there is one more object at `path`.
    mutating func object(at path: String) { objects[path, default: ObjectTally()].count += 1 }

    /// Notes one value of a field.
    mutating func add(_ value: [UInt8], to name: String, isRepeated: Bool = false) {
        guard let place = place(of: name) else { return }
        fields[place].add(value)
        if isRepeated { fields[place].isRepeated = true }
    }

    @discardableResult
    private mutating func place(of name: String) -> Int? {
        if let known = places[name] { return known }
        guard fields.count < Self.fieldsMax else {
            withheld.insert(name)
            return nil
        }
        places[name] = fields.count
        fields.append(Field(name))
        return fields.count - 1
    }

    /// Takes out the members that come seldom of objects with many of them: they are values.
    private mutating func finish() {
        for (path, tally) in objects {
            for name in tally.rareNames {
                let member = path + (path.isEmpty ? "" : ".") + JSONFieldPath.escaped(name)
                fields.removeAll { field in
                    guard field.name.utf8.starts(with: member.utf8) else { return false }
                    let next = field.name.utf8.dropFirst(member.utf8.count).first
                    return next == nil || next == UInt8(ascii: ".") || next == UInt8(ascii: "[")
                }
                withheld.insert(name)
            }
        }
        withheldNames = withheld.count
        withheld = []
        objects = [:]
    }

    // MARK: Names

    /// True when a name can be told: letters, digits and some signs, not too long, and neither an
    /// address, an e-mail address, a number nor a random text.
    private mutating func isNameable(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        let digits = bytes.count { $0 &- UInt8(ascii: "0") < 10 }
        let isWritten = bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F && !Self.signs.contains($0) }
        if (1...64).contains(bytes.count), isWritten, digits < 4 {
            switch ValueLook(of: bytes.span) {
            case .word, .flag, .language, .agent: return true
            default: break
            }
        }
        withheld.insert(name)
        return false
    }

    /// Signs that names have no use for and that would need quoting.
    private static let signs = Set("\"'`\\{}#,".utf8)
}

/// The members of all objects at one place.
private struct ObjectTally {
    var count = 0
    private var names: [String: Int] = [:]

    /// Counts a member; how often it has come so far.
    @discardableResult
    mutating func add(_ name: String) -> Int {
        names[name, default: 0] += 1
        return names[name, default: 0]
    }

    /// The names that come in less than a tenth of the objects, where there are more than twenty.
    var rareNames: [String] {
        let rare = names.filter { $0.value * 10 < count }.map(\.key)
        return rare.count > 20 ? rare : []
    }
}
