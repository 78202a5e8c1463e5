import Testing
import TestSupport

@testable import SluiceCommand

@Suite struct NumberTextTests {
    @Test(arguments: [
        (0, "0"), (7, "7"), (999, "999"), (1000, "1,000"), (12_345, "12,345"),
        (1_234_567, "1,234,567"), (-1000, "-1,000"), (-999, "-999"),
        (Int.max, "9,223,372,036,854,775,807"), (Int.min, "-9,223,372,036,854,775,808"),
    ])
    func groups(number: Int, text: String) {
        #expect(NumberText.grouped(number) == text)
    }

    /// The digits stay, and from the end every fourth character is a comma.
    @Test func groupsAnyNumber() {
        var generator = SeededGenerator(seed: 41)
        for _ in 0..<2000 {
            let bits = UInt64.random(in: 0..<63, using: &generator)
            let number = Int.random(in: 0...(1 << Int(bits)), using: &generator)
            let text = NumberText.grouped(number)
            #expect(text.filter { $0 != "," } == "\(number)")
            for (index, character) in text.reversed().enumerated() {
                #expect((character == ",") == (index % 4 == 3), "\(number), seed 41")
            }
        }
    }

    @Test func countsNouns() {
        #expect(NumberText.counted(1, "file") == "1 file")
        #expect(NumberText.counted(0, "file") == "0 files")
        #expect(NumberText.counted(1234, "file") == "1,234 files")
    }

    @Test(arguments: [
        (0, "0 B"), (-5, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1249, "1.2 kB"),
        (99_949, "99.9 kB"), (99_950, "100 kB"), (999_499, "999 kB"), (999_500, "1.0 MB"),
        (45_600_000, "45.6 MB"), (1_500_000_000, "1.5 GB"), (2_000_000_000_000, "2.0 TB"),
        (Int.max, "576 PB"),
    ])
    func sizes(bytes: Int, text: String) {
        #expect(NumberText.size(bytes: bytes) == text)
    }

    @Test(arguments: [
        (0.0, "0.00 s"), (0.044, "0.04 s"), (1.234, "1.23 s"), (12.34, "12.3 s"),
        (59.99, "59.9 s"), (60, "1:00"), (125.4, "2:05"), (3723, "1:02:03"),
        (86_400 * 5, "5 days"), (.nan, "0.00 s"), (-1, "0.00 s"),
    ])
    func elapsed(seconds: Double, text: String) {
        #expect(NumberText.elapsed(seconds: seconds) == text)
    }

    @Test(arguments: [
        (0, 3, "0.000"), (5, 3, "0.005"), (1234, 3, "1.234"), (-5, 2, "-0.05"), (120, 1, "12.0"),
    ])
    func decimals(number: Int, places: Int, text: String) {
        #expect(NumberText.decimal(number, places: places) == text)
    }
}
