/// Known answers, copied as facts: values of opendp 0.16.0, constants of the tests of Google's
/// differential-privacy library (b5b0286), and values computed from the formulas of
/// science.md §4.3 with other programmes.
enum DPReference {
    /// ρ, δ, ε.
    static let concentratedEpsilons: [(rho: Double, delta: Double, epsilon: Double)] = [
        (0.001, 1e-05, 0.15733539316121553),
        (0.001, 1e-06, 0.18289537719007626),
        (0.001, 1e-09, 0.2451192538719514),
        (0.005, 1e-05, 0.37526123569902314),
        (0.005, 1e-06, 0.4299414688369493),
        (0.005, 1e-09, 0.5648932843020361),
        (0.01, 1e-05, 0.5457255482740024),
        (0.01, 1e-06, 0.6216926545596025),
        (0.01, 1e-09, 0.8101744678675342),
        (0.05, 1e-05, 1.3081183429064382),
        (0.05, 1e-06, 1.471594750532416),
        (0.05, 1e-09, 1.8816602910618363),
        (0.1, 1e-05, 1.914238832003598),
        (0.1, 1e-06, 2.141938928385474),
        (0.1, 1e-09, 2.7154818867305024),
        (0.125, 1e-05, 2.1657155451754853),
        (0.125, 1e-06, 2.4190931768671953),
        (0.125, 1e-09, 3.058122166845913),
        (0.5, 1e-05, 4.728386984943314),
        (0.5, 1e-06, 5.221534444530169),
        (0.5, 1e-09, 6.4740700207264865),
        (1.0, 1e-05, 7.0771966958063395),
        (1.0, 1e-06, 7.7662166253117215),
        (1.0, 1e-09, 9.521463671792233),
        (2.0, 1e-05, 10.724824112939174),
        (2.0, 1e-06, 11.688596249354894),
        (2.0, 1e-09, 14.150147553874598),
    ]

    /// ρ, ε, δ.
    static let concentratedDeltas: [(rho: Double, epsilon: Double, delta: Double)] = [
        (0.1, 1.0, 0.008933245771818366),
        (0.1, 2.0, 4.325210869092554e-06),
        (0.5, 3.0, 0.005143184063862147),
        (0.5, 5.0, 2.8961228093847966e-06),
        (1.0, 8.0, 4.3453415166484493e-07),
        (0.01, 0.5, 3.505878060052389e-05),
    ]

    /// ρ a month, months, δ, ε of all, ε of one month.
    static let monthly: [(rho: Double, months: UInt64, delta: Double, all: Double, one: Double)] = [
        (0.005, 12, 1e-06, 1.6237585327286315, 0.4299414688369493),
        (0.01, 12, 1e-06, 2.36575452893519, 0.6216926545596025),
        (0.05, 12, 1e-06, 5.790603031627164, 1.471594750532416),
        (0.1, 36, 1e-06, 16.727491218022596, 2.141938928385474),
    ]

    /// A threshold and what its rule "noisy ≥ T" costs; `wrong` is the value for "noisy > T".
    struct Threshold: Sendable {
        /// Laplace: the scale; Gaussian: σ.
        let scale: (numerator: UInt128, denominator: UInt128)
        let threshold: Int64
        let cells: UInt64
        let most: Int64
        let delta: Double
        let wrong: Double
    }

    /// Discrete Laplace.
    static let laplaceThresholds = [
        Threshold(
            scale: (1, 1), threshold: 20, cells: 1, most: 1, delta: 4.095972399979252e-09,
            wrong: 1.5068240375580187e-09),
        Threshold(
            scale: (2, 1), threshold: 30, cells: 1, most: 1, delta: 3.139359087352263e-07,
            wrong: 1.9041175383266184e-07),
        Threshold(
            scale: (10, 1), threshold: 150, cells: 1, most: 1, delta: 1.774819967255014e-07,
            wrong: 1.6059235166496932e-07),
        Threshold(
            scale: (4, 1), threshold: 60, cells: 4, most: 1, delta: 8.832607410259398e-07,
            wrong: 6.878842071659229e-07),
        Threshold(
            scale: (12, 1), threshold: 200, cells: 4, most: 3, delta: 1.5455424809264507e-07,
            wrong: 1.4219677337382032e-07),
    ]

    /// Discrete Gaussian.
    static let gaussianThresholds = [
        Threshold(
            scale: (1, 1), threshold: 8, cells: 1, most: 1, delta: 9.139773658599381e-12,
            wrong: 5.053299110804102e-15),
        Threshold(
            scale: (4, 1), threshold: 25, cells: 1, most: 1, delta: 1.9296870974112453e-09,
            wrong: 4.107163849554241e-10),
        Threshold(
            scale: (10, 1), threshold: 60, cells: 4, most: 1, delta: 9.688686432784057e-09,
            wrong: 5.2823810076487965e-09),
        Threshold(
            scale: (20, 1), threshold: 120, cells: 9, most: 3, delta: 2.5607503738420507e-08,
            wrong: 1.8957818056213525e-08),
    ]

    /// Continuous Laplace: cells, most, ε, δ, T.
    static let laplaceThresholdsOfGoogle:
        [(cells: UInt64, most: UInt64, epsilon: Double, delta: Double, threshold: Double)] = [
        (1, 1, 1.0986122886681098, 1e-10, 21.33),
        (1, 1, 2.1972245773362196, 1e-10, 11.16),
        (1, 10, 1.0986122886681098, 1e-10, 213.28),
        (10, 10, 10.986122886681098, 1e-09, 213.28),
        (1, 1, 1.0986122886681098, 1e-200, 419.55),
    ]

    /// Continuous Gaussian, σ = 1: cells, δ, T.
    static let gaussianThresholdsOfGoogle: [(cells: UInt64, delta: Double, threshold: Double)] = [
        (1, 0.022750131948, 3.0),
        (1, 3e-05, 5.012810811118),
        (2, 0.022828893856, 3.275415487306),
    ]

    /// ε, δ, cells, persons, probability that a key is shown.
    static let keepProbabilities:
        [(epsilon: Double, delta: Double, cells: UInt64, persons: Int64, keep: Double)] = [
        (0.6931471805599453, 0.1, 1, 1, 0.1),
        (0.6931471805599453, 0.1, 1, 2, 0.3),
        (0.6931471805599453, 0.1, 1, 3, 0.7),
        (0.6931471805599453, 0.1, 1, 4, 0.9),
        (0.6931471805599453, 0.1, 1, 5, 1.0),
        (1.3862943611198906, 0.2, 2, 1, 0.1),
        (1.3862943611198906, 0.2, 2, 2, 0.3),
        (1.3862943611198906, 0.2, 2, 3, 0.7),
        (1.3862943611198906, 0.2, 2, 4, 0.9),
        (1.3862943611198906, 0.2, 2, 5, 1.0),
        (0.4054651081081644, 0.1, 1, 1, 0.1),
        (0.4054651081081644, 0.1, 1, 2, 0.25),
        (0.4054651081081644, 0.1, 1, 3, 0.475),
        (0.4054651081081644, 0.1, 1, 4, 0.716666666667),
        (0.4054651081081644, 0.1, 1, 5, 0.877777777778),
        (0.4054651081081644, 0.1, 1, 6, 0.985185185185),
        (0.4054651081081644, 0.1, 1, 7, 1.0),
        (50.0, 1e-200, 1, 1, 1e-200),
        (50.0, 1e-200, 1, 2, 5.184706e-179),
        (50.0, 1e-200, 1, 5, 7.225974e-114),
        (50.0, 1e-200, 1, 10, 2.707178e-05),
        (50.0, 1e-200, 1, 11, 1.0),
    ]

    /// Computed from the recursion: persons from which a key is shown at least half the time, and
    /// always, and the probabilities for ten and twenty.
    struct Selection: Sendable {
        let epsilon: Double
        let delta: Double
        let cells: UInt64
        let half: Int64
        let always: Int64
        let ten: Double
        let twenty: Double
    }

    static let selections = [
        Selection(
            epsilon: 0.5, delta: 1e-05, cells: 1, half: 21, always: 42,
            ten: 0.002272365124446775, twenty: 0.33952125187811244),
        Selection(
            epsilon: 0.5, delta: 1e-05, cells: 4, half: 82, always: 164,
            ten: 4.675876625115492e-05, twenty: 0.00020996289673547806),
        Selection(
            epsilon: 0.5, delta: 1e-06, cells: 1, half: 26, always: 51,
            ten: 0.0002272365124446774, twenty: 0.033952125187811225),
        Selection(
            epsilon: 0.5, delta: 1e-06, cells: 4, half: 100, always: 200,
            ten: 4.675876625115493e-06, twenty: 2.099628967354779e-05),
        Selection(
            epsilon: 0.5, delta: 1e-09, cells: 1, half: 40, always: 79,
            ten: 2.272365124446774e-07, twenty: 3.395212518781122e-05),
        Selection(
            epsilon: 0.5, delta: 1e-09, cells: 4, half: 156, always: 311,
            ten: 4.6758766251154926e-09, twenty: 2.0996289673547796e-08),
        Selection(
            epsilon: 1.0, delta: 1e-05, cells: 1, half: 12, always: 23,
            ten: 0.12818308050524602, twenty: 0.9999254111119027),
        Selection(
            epsilon: 1.0, delta: 1e-05, cells: 4, half: 44, always: 88,
            ten: 9.842863792888599e-05, twenty: 0.0012975349250578076),
        Selection(
            epsilon: 1.0, delta: 1e-06, cells: 1, half: 14, always: 28,
            ten: 0.012818308050524595, twenty: 0.9992566750275028),
        Selection(
            epsilon: 1.0, delta: 1e-06, cells: 4, half: 53, always: 106,
            ten: 9.842863792888598e-06, twenty: 0.0001297534925057807),
        Selection(
            epsilon: 1.0, delta: 1e-09, cells: 1, half: 21, always: 41,
            ten: 1.28183080505246e-05, twenty: 0.2823548421302261),
        Selection(
            epsilon: 1.0, delta: 1e-09, cells: 4, half: 81, always: 162,
            ten: 9.8428637928886e-09, twenty: 1.297534925057807e-07),
        Selection(
            epsilon: 1.0986122886681098, delta: 1e-05, cells: 1, half: 11, always: 21,
            ten: 0.29524000000000045, twenty: 0.9999930647428407),
        Selection(
            epsilon: 1.0986122886681098, delta: 1e-05, cells: 4, half: 41, always: 81,
            ten: 0.00011538798406619268, twenty: 0.0019141086429365383),
        Selection(
            epsilon: 1.0986122886681098, delta: 1e-06, cells: 1, half: 13, always: 25,
            ten: 0.02952400000000004, twenty: 0.9998885840573084),
        Selection(
            epsilon: 1.0986122886681098, delta: 1e-06, cells: 4, half: 49, always: 98,
            ten: 1.1538798406619264e-05, twenty: 0.00019141086429365386),
        Selection(
            epsilon: 1.0986122886681098, delta: 1e-09, cells: 1, half: 19, always: 38,
            ten: 2.9524000000000048e-05, twenty: 0.8603769113333339),
        Selection(
            epsilon: 1.0986122886681098, delta: 1e-09, cells: 4, half: 74, always: 148,
            ten: 1.1538798406619263e-08, twenty: 1.9141086429365375e-07),
        Selection(
            epsilon: 2.0, delta: 1e-05, cells: 1, half: 7, always: 13,
            ten: 0.9997515572358254, twenty: 1.0),
        Selection(
            epsilon: 2.0, delta: 1e-05, cells: 4, half: 24, always: 47,
            ten: 0.0005680912811116938, twenty: 0.08488031296952811),
        Selection(
            epsilon: 2.0, delta: 1e-06, cells: 1, half: 8, always: 15,
            ten: 0.997987976082307, twenty: 1.0),
        Selection(
            epsilon: 2.0, delta: 1e-06, cells: 4, half: 29, always: 57,
            ten: 5.680912811116935e-05, twenty: 0.008488031296952806),
        Selection(
            epsilon: 2.0, delta: 1e-09, cells: 1, half: 11, always: 22,
            ten: 0.07593691257320365, twenty: 0.9999999934721117),
        Selection(
            epsilon: 2.0, delta: 1e-09, cells: 4, half: 42, always: 84,
            ten: 5.680912811116935e-08, twenty: 8.488031296952804e-06),
    ]

    /// P[0] to P[10], the variance and P[X ≥ 5] of a distribution of a scale or σ.
    struct Distribution: Sendable {
        let scale: (numerator: UInt128, denominator: UInt128)
        let variance: Double
        let tailOfFive: Double?
        let probabilities: [Double]
    }

    /// Discrete Laplace.
    static let laplaces = [
        Distribution(
            scale: (1, 2), variance: 0.36203083048315526, tailOfFive: 3.9988125475197754e-05,
            probabilities: [
                0.7615941559557649, 0.10307056080762242, 0.013949083540256093,
                0.0018878031718117306, 0.0002554863769521164, 3.457632118791067e-05,
                4.679396221245984e-06, 6.332874129786604e-07, 8.570613140564872e-08,
                1.1599063568897818e-08, 1.569762553376262e-09,
            ]),
        Distribution(
            scale: (1, 1), variance: 1.8413471884155848, tailOfFive: 0.004925833956035728,
            probabilities: [
                0.46211715726000974, 0.17000340156854793, 0.06254075636628172,
                0.02300745850246704, 0.008463970976662724, 0.0031137209129859897,
                0.0011454739094331192, 0.0004213963016787233, 0.00015502303597328122,
                5.7029787842551105e-05, 2.0980086481643616e-05,
            ]),
        Distribution(
            scale: (2, 1), variance: 7.835396178065527, tailOfFive: 0.0510945733451372,
            probabilities: [
                0.24491866240370913, 0.14855067788365744, 0.09010054065753366,
                0.054648740365478836, 0.0331461365463383, 0.020104148066375598,
                0.012193782189659256, 0.007395902755886187, 0.004485841777698133,
                0.0027208005727937406, 0.0016502489663630985,
            ]),
        Distribution(
            scale: (10, 1), variance: 199.8334166336092, tailOfFive: 0.31841597291700374,
            probabilities: [
                0.049958374957880004, 0.04520420700616048, 0.04090245795181728,
                0.037010074444446754, 0.03348810020163184, 0.030301286121374053,
                0.027417737497232957, 0.024808594805383978, 0.022447744868803958,
                0.02031155950781853, 0.018378659061338263,
            ]),
    ]

    /// Discrete Gaussian.
    static let gaussians = [
        Distribution(
            scale: (1, 2), variance: 0.2150126750881385, tailOfFive: nil,
            probabilities: [
                0.7865707070419479, 0.10645076942314473, 0.0002638650764154286,
                1.1979455936033158e-08, 9.961261650047284e-15, 1.5170981316200285e-22,
                4.231896831905129e-32, 2.162113767178244e-43, 2.0232245448992695e-56,
                3.46762160640561e-71, 1.0885324695082116e-87,
            ]),
        Distribution(
            scale: (1, 1), variance: 0.9999997887677279, tailOfFive: nil,
            probabilities: [
                0.3989422782668616, 0.24197072322446056, 0.05399096622430528,
                0.0044318483882250645, 0.00013383022504881653, 1.4867195067794917e-06,
                6.075882817313812e-09, 9.134720359488577e-12, 5.052271056504331e-15,
                1.0279773516666204e-18, 7.694598585535883e-23,
            ]),
        Distribution(
            scale: (2, 1), variance: 4.000000000000001, tailOfFive: nil,
            probabilities: [
                0.19947114020071635, 0.17603266338214976, 0.12098536225957168,
                0.06475879783294587, 0.02699548325659403, 0.00876415024678427,
                0.0022159242059690038, 0.0004363413475228801, 6.691511288244268e-05,
                7.991870553452739e-06, 7.433597573671489e-07,
            ]),
        Distribution(
            scale: (5, 1), variance: 25.000000000000004, tailOfFive: nil,
            probabilities: [
                0.07978845608028654, 0.07820853879509117, 0.07365402806066466,
                0.06664492057835993, 0.05793831055229655, 0.04839414490382867,
                0.03883721099664259, 0.029945493127148972, 0.022184166935891113,
                0.015790031660178828, 0.01079819330263761,
            ]),
    ]

    /// Scale, miss, the least real a with P[|X| ≥ a] ≤ miss.
    static let laplaceAccuracies: [(scale: UInt128, miss: Double, accuracy: Double)] = [
        (1, 0.05, 3.3756177665957137),
        (2, 0.05, 6.42960493986766),
        (10, 0.05, 30.444827940403652),
        (10, 0.01, 46.53920706474465),
    ]

    /// σ, miss, the least whole a with P[|X| ≥ a] ≤ miss.
    static let gaussianAccuracies: [(sigma: UInt128, miss: Double, accuracy: Int64)] = [
        (1, 0.05, 3),
        (2, 0.05, 5),
        (10, 0.05, 21),
        (10, 0.01, 27),
    ]
}
