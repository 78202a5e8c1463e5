import TestSupport
import Testing

@testable import Statistics

/// What Apache Spark 4.3.0 wrote: `theta_sketch_agg` and `hll_sketch_agg` of the digits of the
/// tokens 0 to 4 as text, `kll_sketch_agg_bigint` and `kll_sketch_agg_double` of the numbers 0 to
/// 4.
@Suite struct SparkBytesTests {
    @Test func sketchesOfSparkAreOurs() throws {
        var tokens = ThetaUnion()
        var counted = HLLSketch()
        for number in 0..<5 {
            tokens.insert(productToken(number))
            counted.insert(productToken(number))
        }
        let theta =
            "0104033f011acc93051189611d836e75fe1124fba71047444649c3a9aed3367908c6ef5d21e5bf3651c6"
            + "c0cc5fa3ada860"
        #expect(try ThetaSketch(bytes: unhex(theta)) == tokens.sketch())
        let hll =
            "0201070c030005082d9d170dfe756e0721189207b377520b63b65f08000000000000000000000000"
        #expect(try HLLSketch(bytes: unhex(hll)) == counted)
        let longs =
            "05010f00c80008000500000000000000c8000100c3000000000000000000000004000000000000000000"
            + "0000000000000100000000000000020000000000000003000000000000000400000000000000"
        let whole = try KLLSketch<Int64>(bytes: unhex(longs))
        #expect((0...4).map { whole.quantile(Double($0) / 4) } == [0, 1, 2, 3, 4])
        let doubles =
            "05010f00c80008000500000000000000c8000100c3000000000000000000000000000000000010400000"
            + "000000000000000000000000f03f000000000000004000000000000008400000000000001040"
        #expect(try KLLSketch<Double>(bytes: unhex(doubles)).quantile(0.5) == 2)
        #expect(try KLLSketch<Double>(bytes: unhex(doubles)).count == 5)
    }
}
