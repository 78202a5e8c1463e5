import Statistics

extension ReportTexts {
    var noiseTitle: String { say("Noise", "Ruis") }
    var noiseText: String {
        say(
            "The figures of these tables are not exact: noise was added to each, once, after what "
                + "one person can add in a month had been bounded. The noise hides whether any one "
                + "person was there in the month at all (differential privacy, unit user-month). "
                + "The accuracy says how far a figure may be from the truth, in 95 of 100 cases, "
                + "apart from what the bounds cut off. Rows with few persons are not shown, and "
                + "how many there are is not told.",
            "De cijfers van deze tabellen zijn niet exact: bij elk is eenmalig ruis opgeteld, "
                + "nadat was begrensd wat één persoon in een maand kan bijdragen. De ruis verhult "
                + "of iemand er in die maand überhaupt was (differential privacy, eenheid "
                + "gebruikersmaand). De nauwkeurigheid zegt hoe ver een cijfer van de waarheid kan "
                + "liggen, in 95 van de 100 gevallen, afgezien van wat de grenzen afsnijden. Rijen "
                + "met weinig personen worden niet getoond, en hoeveel dat er zijn wordt niet "
                + "verteld.")
    }

    var headNoise: String { say("Noise", "Ruis") }
    var headAccuracy: String { say("Accuracy (95%)", "Nauwkeurigheid (95%)") }
    var headBounds: String { say("One person adds", "Eén persoon draagt bij") }
    var headRows: String { say("Rows of a person, at most", "Rijen van een persoon, maximaal") }
    var headThreshold: String {
        say(
            "Persons from which on a row is shown (with noise)",
            "Personen vanaf wie een rij wordt getoond (met ruis)")
    }
    var headCost: String { say("Cost of the table", "Kosten van de tabel") }

    func name(_ mechanism: PublishedNoise.Mechanism) -> String {
        switch mechanism {
        case .laplace: say("discrete Laplace", "discrete Laplace-ruis")
        case .gaussian: say("discrete Gaussian", "discrete gaussische ruis")
        }
    }

    /// The sentence above a noisy table.
    func noisy(_ noise: PublishedNoise) -> String {
        let kind = name(noise.mechanism)
        return say(
            "Noisy figures (\(kind), \(cost(noise))): the accuracy beside each holds in 95 of 100 "
                + "cases.",
            "Cijfers met ruis (\(kind), \(cost(noise))): de nauwkeurigheid naast elk geldt in 95 "
                + "van de 100 gevallen.")
    }

    func within(_ reach: String) -> String {
        say(
            "95% of such figures are within \(reach) of the truth",
            "95% van zulke cijfers ligt binnen \(reach) van de waarheid")
    }

    func meaning(ofAccuracyOf column: String) -> String {
        say(
            "Accuracy of \(column): with a probability of 95% the truth, with everybody within "
                + "the bounds, is no further from it",
            "Nauwkeurigheid van \(column): met een kans van 95% ligt de waarheid, met iedereen "
                + "binnen de grenzen, er niet verder vandaan")
    }

    /// `ε = 1, ρ = 0.5, δ = 0.000001`.
    func cost(_ noise: PublishedNoise) -> String {
        let epsilon = noise.epsilon.map { "\u{3b5} = \($0.decimalText), " } ?? ""
        return localized(epsilon + Self.loss(noise.loss))
    }

    func budget(_ budget: PublishedBudget) -> String {
        let spent = localized(Self.loss(budget.spent))
        let limit = localized(Self.loss(budget.limit))
        var text = say(
            "Privacy budget: this period has cost each person in it at most \(spent), of \(limit).",
            "Privacybudget: deze periode kost iedere persoon erin hooguit \(spent), van \(limit).")
        if let told = budget.spent.toldEpsilon {
            let (epsilon, delta) = (localized(told.epsilon), localized(told.delta))
            text += say(
                " That is \u{3b5} = \(epsilon) at \u{3b4} = \(delta).",
                " Dat is \u{3b5} = \(epsilon) bij \u{3b4} = \(delta).")
        }
        let overall = localized(Self.loss(budget.spentOverall))
        text += say(
            " Somebody in all periods so far: \(overall)",
            " Wie in alle perioden tot nu toe voorkomt: \(overall)")
        guard let limit = budget.limitOverall else { return text + "." }
        return text + say(", of ", ", van ") + localized(Self.loss(limit)) + "."
    }

    private static func loss(_ loss: PrivacyLoss) -> String {
        "\u{3c1} = \(loss.rho.decimalText)"
            + (loss.delta == .zero ? "" : ", \u{3b4} = \(loss.delta.decimalText)")
    }

    /// Decimals with the mark of the language.
    private func localized(_ text: String) -> String {
        guard language == .dutch else { return text }
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0 == "," ? ";" : $0 == "." ? "," : $0 }))
    }
}
