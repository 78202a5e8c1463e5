package import Publication
package import Records
package import Statistics

/// The noise that makes a published table differentially private.
package struct NoiseSpecification: Sendable, Equatable {
    /// Where the block stands.
    package let position: SettingPosition
    /// What is protected: everything that one user does in one month.
    package let unit: Marked<Unit>
    /// What a table of one month may cost; nil, with a fault, when it is not written.
    package let cost: Marked<NoiseSettings.Cost>?
    /// The most rows that one user counts in; nil, with a fault, when it is missing.
    package let rows: Marked<Int>?
    /// What one user may add to a figure, by column.
    package let bounds: [Bound]
    /// The risk that a row betrays its only user; nil, with a fault, when it is missing.
    package let delta: Marked<Ratio>?

    /// The units of privacy.
    package enum Unit: String, CaseIterable, Sendable {
        case userMonth = "user-month"
    }

    /// What one user may add to the figures of a column, in their unit.
    package struct Bound: Sendable, Equatable {
        package let column: Marked<String>
        package let least: ExactDecimal
        package let most: ExactDecimal
        /// Figures are rounded down to multiples of this, user by user.
        package let step: ExactDecimal
    }
}

/// The most that the noisy tables of a pipeline may give away.
package struct BudgetSpecification: Sendable, Equatable {
    package let position: SettingPosition
    /// Of one month; nil, with a fault, when ρ is missing.
    package let month: PrivacyLoss?
    /// Of all months together; nil for no limit.
    package let overall: PrivacyLoss?
}

extension NoiseSpecification {
    static func decode(
        _ setting: Setting, path: String, _ context: DecodingContext
    ) -> NoiseSpecification {
        let section = SectionReader(setting, PipelineReference.noise, path: path, context)
        let rows = Int(NoiseSettings.rowsPerPersonMax)
        _ = section.required("rows")
        let noise = NoiseSpecification(
            position: section.position,
            unit: section.choice("unit", Unit.self) ?? .standard(.userMonth),
            cost: section.cost(context),
            rows: section.integer("rows", in: 1...rows),
            bounds: section.members("bounds").compactMap { member in
                let inner = "\(section.path("bounds")).\(member.key)"
                return Bound.decode(
                    Marked(member.key, at: member.keyPosition), member.value, path: inner, context)
            },
            delta: section.required("delta").flatMap { _ in section.fraction("delta", context) })
        section.finish()
        return noise
    }
}

extension NoiseSpecification.Bound {
    /// `20`, or `{ least: -5, most: 20, step: 0.5 }`.
    fileprivate static func decode(
        _ column: Marked<String>, _ setting: Setting, path: String, _ context: DecodingContext
    ) -> NoiseSpecification.Bound? {
        let one = ExactDecimal(1)
        if case .text = setting {
            return context.decimal(setting, path: path).map {
                NoiseSpecification.Bound(
                    column: column, least: ExactDecimal(0), most: $0, step: one)
            }
        }
        let section = SectionReader(setting, PipelineReference.noiseBound, path: path, context)
        let most = section.required("most").flatMap {
            context.decimal($0, path: section.path("most"))
        }
        let least = section.optional("least").map {
            context.decimal($0, path: section.path("least"))
        }
        let step = section.optional("step").map {
            context.decimal($0, path: section.path("step"))
        }
        section.finish()
        guard let most, let least = least ?? ExactDecimal(0), let step = step ?? one
        else { return nil }
        return NoiseSpecification.Bound(column: column, least: least, most: most, step: step)
    }
}

extension BudgetSpecification {
    static func decode(
        _ setting: Setting, path: String, _ context: DecodingContext
    ) -> BudgetSpecification {
        let section = SectionReader(setting, PipelineReference.budget, path: path, context)
        let position = section.required("rho")?.position
        let rho = section.fraction("rho", context)
        let delta = section.fraction("delta", context)
        let rhoOverall = section.fraction("rho_overall", context)
        let deltaOverall = section.fraction("delta_overall", context)
        section.finish()
        if deltaOverall != nil, rhoOverall == nil {
            context.faults.add(
                "found `delta_overall` alone, expected `rho_overall` beside it",
                at: deltaOverall?.position ?? section.position, path: path)
        }
        func loss(_ rho: Marked<Ratio>?, _ delta: Marked<Ratio>?) -> PrivacyLoss? {
            rho.map { PrivacyLoss(rho: $0.value, delta: delta?.value ?? .zero) }
        }
        return BudgetSpecification(
            position: position ?? section.position, month: loss(rho, delta),
            overall: loss(rhoOverall, deltaOverall))
    }
}

extension SectionReader {
    /// The one of `epsilon` and `rho` that is written.
    fileprivate func cost(_ context: DecodingContext) -> Marked<NoiseSettings.Cost>? {
        let epsilon = fraction("epsilon", context)
        let rho = fraction("rho", context)
        switch (epsilon, rho) {
        case (let epsilon?, nil): return Marked(.epsilon(epsilon.value), at: epsilon.position)
        case (nil, let rho?): return Marked(.rho(rho.value), at: rho.position)
        case (nil, nil) where optional("epsilon") != nil || optional("rho") != nil: return nil
        default:
            context.faults.add(
                "expected either `epsilon` (discrete Laplace noise) or `rho` (discrete Gaussian "
                    + "noise)",
                at: position, path: path("epsilon"))
            return nil
        }
    }

    /// An exact fraction above zero.
    fileprivate func fraction(_ key: String, _ context: DecodingContext) -> Marked<Ratio>? {
        guard let text = text(key) else { return nil }
        if let ratio = Ratio(text: text.value), ratio > .zero {
            return Marked(ratio, at: text.position)
        }
        context.faults.add(
            "expected a number above 0, such as `0.05` or `1/200`", at: text.position,
            path: path(key))
        return nil
    }
}

extension DecodingContext {
    /// A plain decimal.
    fileprivate func decimal(_ setting: Setting, path: String) -> ExactDecimal? {
        guard let text = text(setting, path: path) else { return nil }
        if let number = ExactDecimal(Array(text.value.utf8).span) { return number }
        faults.add(
            "expected a number of at most nine decimals, such as `20` or `0.5`",
            at: text.position, path: path)
        return nil
    }
}
