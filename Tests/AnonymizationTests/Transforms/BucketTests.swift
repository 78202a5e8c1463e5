import Anonymization
import Records
import TestSupport
import Testing

@Suite struct BucketTests {
    @Test(arguments: [
        ("-1", "<0"), ("-0.5", "<0"), ("-0", "0-9"), ("0", "0-9"), ("9", "0-9"), ("9.999", "0-9"),
        ("10", "10-99"), ("99.99", "10-99"), ("100", "100+"), ("1e2", "100+"), ("1E+1", "10-99"),
        ("1000e-3", "0-9"), ("0.0099e4", "10-99"), ("007", "0-9"), ("99999999999999999999", "100+"),
        ("-99999999999999999999", "<0"), ("1e999999999999999999999", "100+"),
        ("1e-999999999999999999999", "0-9"), ("-1e-999999999999999999999", "<0"),
        ("0e999999999999999999999", "0-9"), ("+5", "0-9"), ("+1e2", "100+"),
    ])
    func findsTheRangeBetweenEdges(_ number: String, _ range: String) {
        let transform = Bucket(edges: [0, 10, 100])
        #expect(transform.trial(number, .number) == Outcome(.plainText, range))
        #expect(transform.trial(number) == Outcome(.plainText, range))
    }

    @Test(arguments: [
        ("0", "0-9"), ("25", "20-29"), ("29.9", "20-29"), ("-1", "-10..-1"), ("-10", "-10..-1"),
        ("-10.1", "-20..-11"), ("9223372036854775799", "9223372036854775790-9223372036854775799"),
    ])
    func findsTheRangeOfAWidth(_ number: String, _ range: String) {
        #expect(Bucket(width: 10).trial(number, .number) == Outcome(.plainText, range))
    }

    @Test(arguments: ["9223372036854775807", "9223372036854775808", "-9223372036854775808", "1e30"])
    func dropsWhatNoRangeOfTheWidthHolds(_ number: String) {
        #expect(Bucket(width: 10).trial(number, .number) == Outcome(.dropped))
    }

    @Test(arguments: [
        "", "-", ".", "1.", ".5", "+", "+-1", "++1", " 1", "1 ", "1,5", "0x10", "1e", "1e+",
        "1e1.5", "--1", "NaN", "١", "1\u{0}",
    ])
    func dropsWhatIsNoNumber(_ text: String) {
        #expect(Bucket(edges: [0]).trial(text) == Outcome(.dropped))
        #expect(Bucket(width: 2).trial(text) == Outcome(.dropped))
    }

    @Test func dropsOtherKinds() {
        #expect(Bucket(edges: [0]).trial("1", .boolean) == Outcome(.dropped))
        #expect(Bucket(edges: [0]).trial("1", .structure) == Outcome(.dropped))
    }

    @Test func namesRangesOfOneAndBelowZero() {
        let transform = Bucket(edges: [-5, 0, 1])
        #expect(transform.trial("-3") == Outcome(.plainText, "-5..-1"))
        #expect(transform.trial("0") == Outcome(.plainText, "0"))
        #expect(transform.trial("1") == Outcome(.plainText, "1+"))
    }

    @Test func agreesWithPlainArithmetic() {
        let seed: UInt64 = 10
        var random = SeededGenerator(seed: seed)
        let edges: [Int64] = [-100, -7, 0, 1, 64, 1000]
        let transform = Bucket(edges: edges)
        for _ in 0..<5000 {
            let hundredths = Int64.random(in: -200_000...200_000, using: &random)
            let sign = hundredths < 0 ? "-" : ""
            let rest = hundredths.magnitude % 100
            let number = "\(sign)\(hundredths.magnitude / 100).\(rest < 10 ? "0" : "")\(rest)"
            let index = edges.firstIndex { hundredths < $0 * 100 } ?? edges.count
            let probe = index == 0 ? "-101" : "\(edges[index - 1])"
            #expect(transform.trial(number) == transform.trial(probe), "seed \(seed): \(number)")
            // The same number in another writing.
            #expect(transform.trial("\(hundredths)e-2") == transform.trial(number), "seed \(seed)")
        }
    }

    @Test func isPlannedFromSettings() {
        let edges = Bucket.descriptor.planned([("edges", setting(["0", "10"]))])
        #expect(edges.transform?.trial("5") == Outcome(.plainText, "0-9"))
        let width = Bucket.descriptor.planned([("width", setting("5"))])
        #expect(width.transform?.trial("7") == Outcome(.plainText, "5-9"))
        for bad in [["10", "0"], ["1", "1"], ["a"], ["1.5"], []] {
            let planned = Bucket.descriptor.planned([("edges", setting(bad))])
            #expect(planned.transform == nil && planned.faults.count == 1)
        }
        #expect(Bucket.descriptor.planned().faults.count == 1)
        let both = Bucket.descriptor.planned([
            ("edges", setting(["0"])), ("width", setting("5")),
        ])
        #expect(both.transform == nil && both.faults.count == 1)
        #expect(Bucket.descriptor.planned([("width", setting("1"))]).faults.count == 1)
    }
}
