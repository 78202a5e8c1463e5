import Statistics

/// How documents hold what is known about noise, and sketches: a list of none or one. Documents of
/// version 1 have neither.
extension DocumentWriter {
    mutating func noise(_ noise: PublishedNoise?) {
        list(noise.map { [$0] } ?? []) { noise, writer in
            writer.text(noise.mechanism.rawValue)
            writer.list(noise.epsilon.map { [$0] } ?? []) { $1.ratio($0) }
            writer.loss(noise.loss)
            writer.number(noise.rowsPerPerson)
            writer.number(noise.threshold)
            writer.list(noise.columns) { column, writer in
                for quantity in [column.accuracy, column.least, column.most] {
                    writer.quantity(quantity)
                }
            }
        }
    }

    mutating func budget(_ budget: PublishedBudget?) {
        list(budget.map { [$0] } ?? []) { budget, writer in
            writer.loss(budget.limit)
            writer.loss(budget.spent)
            writer.list(budget.limitOverall.map { [$0] } ?? []) { $1.loss($0) }
            writer.loss(budget.spentOverall)
        }
    }

    mutating func sketches(_ sketches: PublishedSketches?) {
        list(sketches.map { [$0] } ?? []) { sketches, writer in
            writer.list(sketches.columns) { column, writer in
                writer.text(column.name)
                writer.text(column.form.rawValue)
                writer.number(column.size)
                writer.text(column.item.rawValue)
                writer.number(column.figure)
            }
            writer.list(sketches.rows) { row, writer in
                writer.list(row) { $1.field($0) }
            }
        }
    }

    private mutating func loss(_ loss: PrivacyLoss) {
        ratio(loss.rho)
        ratio(loss.delta)
    }

    private mutating func ratio(_ ratio: Ratio) {
        number(Int(clamping: ratio.numerator))
        number(Int(clamping: ratio.denominator))
    }
}

extension DocumentReader {
    mutating func noise() -> PublishedNoise? {
        optional { reader in
            let mechanism = reader.word(PublishedNoise.Mechanism.self)
            let epsilon = reader.list { $0.ratio() }.first
            let loss = reader.loss()
            let rowsPerPerson = reader.number()
            let threshold = reader.number()
            let columns = reader.list { reader in
                PublishedNoise.Column(
                    accuracy: reader.quantity(reader.number()),
                    least: reader.quantity(reader.number()),
                    most: reader.quantity(reader.number()))
            }
            return PublishedNoise(
                mechanism: mechanism ?? .laplace, epsilon: epsilon, loss: loss,
                rowsPerPerson: rowsPerPerson, threshold: threshold, columns: columns)
        }
    }

    mutating func budget() -> PublishedBudget? {
        optional { reader in
            let limit = reader.loss()
            let spent = reader.loss()
            let limitOverall = reader.list { $0.loss() }.first
            return PublishedBudget(
                limit: limit, spent: spent, limitOverall: limitOverall,
                spentOverall: reader.loss())
        }
    }

    mutating func sketches() -> PublishedSketches? {
        optional { reader in
            let columns = reader.list { reader in
                let name = reader.text()
                let form = reader.word(SketchOptions.Form.self)
                let size = reader.number()
                let item = reader.word(SketchColumn.Item.self)
                return PublishedSketches.Column(
                    name: name, form: form ?? .theta, size: size, item: item ?? .token,
                    figure: reader.number())
            }
            let rows = reader.list { reader in reader.list { $0.field() } }
            return PublishedSketches(columns: columns, rows: rows)
        }
    }

    /// How counts are told; as they are in documents before version 3.
    mutating func counts() -> CountTelling {
        guard version >= 3 else { return .exact }
        let telling = CountTelling(word: text())
        if telling == nil { fail() }
        return telling ?? .exact
    }

    /// The first version of documents with noise and sketches.
    private static var firstVersion: UInt8 { 2 }

    private mutating func optional<Item>(_ read: (inout DocumentReader) -> Item) -> Item? {
        guard version >= Self.firstVersion else { return nil }
        return list(read).first
    }

    private mutating func word<Word: RawRepresentable>(
        _ type: Word.Type
    ) -> Word? where Word.RawValue == String {
        let word = Word(rawValue: text())
        if word == nil { fail() }
        return word
    }

    private mutating func loss() -> PrivacyLoss { PrivacyLoss(rho: ratio(), delta: ratio()) }

    private mutating func ratio() -> Ratio {
        let numerator = number()
        let denominator = number()
        guard let ratio = Ratio(UInt128(numerator), UInt128(denominator)) else {
            fail()
            return .zero
        }
        return ratio
    }
}
