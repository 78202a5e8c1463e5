import KeyedHashing
import Statistics

extension NoisyTable {
    private static let magic: [UInt8] = Array("SLUICENT".utf8)
    private static let version: UInt8 = 1

    /// The table in its one stored form: the same table has the same bytes.
    ///
    /// Layout (numbers are eight bytes, most significant first; a text is its length and its
    /// bytes): magic and version; name, period, loss, rows per person, threshold (zero and one
    /// tell none and some); group columns; columns; rows; the SHA-256 of all that.
    package var bytes: [UInt8] {
        var writer = StoredBytes.Writer(Self.magic + [Self.version])
        writer.text(Array(name.utf8))
        writer.text(Array(period.utf8))
        writer.ratio(loss.rho)
        writer.ratio(loss.delta)
        writer.number(rowsPerPerson)
        writer.number(threshold == nil ? 0 : 1)
        writer.signed(threshold ?? 0)
        writer.number(UInt64(groupColumns.count))
        for column in groupColumns { writer.text(Array(column.utf8)) }
        writer.number(UInt64(columns.count))
        for column in columns { writer.column(column) }
        writer.number(UInt64(rows.count))
        for row in rows {
            for text in row.key { writer.text(text) }
            for steps in row.steps { writer.signed(steps) }
        }
        return writer.finish()
    }

    /// The table whose stored form `bytes` is; a fault for anything else.
    package init(bytes: [UInt8]) throws(PrivacyFault) {
        var reader = try StoredBytes.Reader(bytes, head: Self.magic + [Self.version])
        name = try reader.name()
        period = try reader.name()
        loss = PrivacyLoss(rho: try reader.ratio(), delta: try reader.ratio())
        rowsPerPerson = try reader.number()
        let hasThreshold = try reader.number() == 1
        let threshold = try reader.signed()
        self.threshold = hasThreshold ? threshold : nil
        var groupColumns: [String] = []
        for _ in 0..<(try reader.count()) { groupColumns.append(try reader.name()) }
        self.groupColumns = groupColumns
        var columns: [NoisyColumn] = []
        for _ in 0..<(try reader.count()) { columns.append(try reader.column()) }
        self.columns = columns
        var rows: [Row] = []
        for _ in 0..<(try reader.count()) {
            var key: [[UInt8]] = []
            for _ in groupColumns { key.append(try reader.text()) }
            var steps: [Int64] = []
            for _ in columns { steps.append(try reader.signed()) }
            rows.append(Row(key: key, steps: steps))
        }
        self.rows = rows
        try reader.finish()
    }
}

/// Reads and writes the stored form of a noisy table.
private enum StoredBytes {
    struct Writer {
        private var bytes: [UInt8]

        init(_ head: [UInt8]) { bytes = head }

        mutating func number(_ value: UInt64) {
            for shift in stride(from: UInt64(56), through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: value >> shift))
            }
        }

        mutating func signed(_ value: Int64) { number(UInt64(bitPattern: value)) }

        mutating func text(_ text: [UInt8]) {
            number(UInt64(text.count))
            bytes += text
        }

        mutating func ratio(_ ratio: Ratio) {
            number(ratio.numerator)
            number(ratio.denominator)
        }

        mutating func column(_ column: NoisyColumn) {
            text(Array(column.column.name.utf8))
            number(StoredBytes.number(of: column.column.role))
            signed(column.bound.least)
            signed(column.bound.most)
            let step = UInt128(bitPattern: column.bound.step.billionths)
            number(UInt64(truncatingIfNeeded: step >> 64))
            number(UInt64(truncatingIfNeeded: step))
            switch column.mechanism {
            case .laplace(let noise):
                number(0)
                ratio(noise.scale)
            case .gaussian(let noise):
                number(1)
                ratio(noise.variance)
            }
            ratio(column.rho)
        }

        consuming func finish() -> [UInt8] {
            let digest = Digest256.of(bytes.span)
            return bytes + digest.bytes
        }
    }

    struct Reader {
        private let bytes: [UInt8]
        private var at: Int
        private let end: Int

        init(_ bytes: [UInt8], head: [UInt8]) throws(PrivacyFault) {
            self.bytes = bytes
            end = bytes.count - Digest256.byteCount
            at = head.count
            guard end >= head.count, bytes.starts(with: head),
                Digest256.of(bytes.span.extracting(0..<end)).bytes == Array(bytes[end...])
            else { throw PrivacyFault(.damagedTable) }
        }

        mutating func number() throws(PrivacyFault) -> UInt64 {
            guard end - at >= 8 else { throw PrivacyFault(.damagedTable) }
            var value: UInt64 = 0
            for index in at..<at + 8 { value = value << 8 | UInt64(bytes[index]) }
            at += 8
            return value
        }

        mutating func signed() throws(PrivacyFault) -> Int64 { Int64(bitPattern: try number()) }

        /// A number of things of at least one byte each, or of columns.
        mutating func count() throws(PrivacyFault) -> Int {
            let count = try number()
            guard count <= UInt64(end - at) else { throw PrivacyFault(.damagedTable) }
            return Int(count)
        }

        mutating func text() throws(PrivacyFault) -> [UInt8] {
            let count = try count()
            at += count
            return Array(bytes[at - count..<at])
        }

        mutating func name() throws(PrivacyFault) -> String {
            String(decoding: try text(), as: UTF8.self)
        }

        mutating func ratio() throws(PrivacyFault) -> Ratio {
            let numerator = try number()
            guard let ratio = Ratio(UInt128(numerator), UInt128(try number())) else {
                throw PrivacyFault(.damagedTable)
            }
            return ratio
        }

        mutating func column() throws(PrivacyFault) -> NoisyColumn {
            let name = try name()
            let roleNumber = try number()
            let least = try signed()
            let most = try signed()
            let step = UInt128(try number()) << 64 | UInt128(try number())
            let isGaussian = try number() == 1
            let scale = try ratio()
            let rho = try ratio()
            let mechanism: NoiseMechanism? =
                isGaussian
                ? DiscreteGaussian(
                    varianceAtLeast: UInt128(scale.numerator), over: UInt128(scale.denominator)
                ).map { .gaussian($0) } : DiscreteLaplace(scale: scale).map { .laplace($0) }
            let bound = ColumnBound(
                least: least, most: most,
                step: ExactDecimal(billionths: Int128(bitPattern: step)))
            guard let mechanism, let bound, let role = StoredBytes.role(roleNumber) else {
                throw PrivacyFault(.damagedTable)
            }
            return NoisyColumn(
                column: MeasuredColumn(name: name, role: role), bound: bound,
                mechanism: mechanism, rho: rho)
        }

        consuming func finish() throws(PrivacyFault) {
            guard at == end else { throw PrivacyFault(.damagedTable) }
        }
    }

    static func number(of role: ColumnRole) -> UInt64 {
        switch role {
        case .count: 0
        case .distinctCount: 1
        case .magnitude: 2
        }
    }

    static func role(_ number: UInt64) -> ColumnRole? {
        let roles: [ColumnRole] = [.count, .distinctCount, .magnitude]
        return number < UInt64(roles.count) ? roles[Int(number)] : nil
    }
}
