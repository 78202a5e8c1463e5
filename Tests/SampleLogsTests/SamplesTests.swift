import Compression
import FileSystem
import Records
import TestSupport
import Testing

@testable import SampleLogs

@Suite("Samples")
struct SamplesTests {
    @Test("a seed always gives the same files, another seed others")
    func seeds() {
        let files = Samples.files(seed: 7)
        #expect(files.map(\.content) == Samples.files(seed: 7).map(\.content))
        #expect(files.map(\.path) == Samples.files(seed: 8).map(\.path))
        #expect(files[0].content != Samples.files(seed: 8)[0].content)
    }

    @Test("the files in samples are those of seed 7")
    func committed() throws {
        for file in Samples.files(seed: 7) {
            let (directory, name) = splitPath("\(Self.packageFolder)/samples/\(file.path)")
            let stored = try Directory.open(directory).content(of: name, limitBytes: 1 << 20)
            let isSame = try Self.inflated(stored) == file.content
            #expect(isSame, "\(file.path)")
        }
    }

    @Test("addresses are documentation addresses, domains are examples")
    func invented() {
        for file in Samples.files(seed: 7) {
            for word in text(file.content).split(whereSeparator: { " \",[]<>=\n\r".contains($0) }) {
                guard word.contains("@") else { continue }
                #expect(word.contains(".example"), "\(file.path): \(word)")
            }
        }
        var random = SampleRandom(seed: 1)
        for _ in 0..<200 {
            let spelling = Identifiers.spelling(of: "192.0.2.9", &random)
            #expect(spelling.contains("192.0.2.9") || spelling == "2002:c000:0209::1")
        }
    }

    @Test("invented numbers pass the checks that real ones pass")
    func checkDigits() {
        var random = SampleRandom(seed: 2)
        for _ in 0..<50 {
            let card = Identifiers.card(&random).compactMap(\.wholeNumberValue)
            #expect(card.count == 16 && Self.luhnSum(card) % 10 == 0)
            let iban = Identifiers.iban(&random)
            #expect(iban.count == 18 && Self.remainder97(iban) == 1, "\(iban)")
        }
    }

    @Test("times are those of Amsterdam, on both sides of the change of clocks")
    func moments() {
        let change = CivilDate(year: 2026, month: 3, day: 29).daysSince1970
        let before = Moment(day: change - 1, milliseconds: 86_399_005)
        #expect(before.rfc3339 == "2026-03-28T23:59:59.005+01:00")
        #expect(before.later(byMilliseconds: 86_400_000).rfc3339 == "2026-03-29T23:59:59.005+02:00")
        #expect(before.accessLog == "28/Mar/2026:23:59:59 +0100")
        #expect(before.dateTime == "2026-03-28 23:59:59")
    }

    private static let packageFolder: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast(3).joined(separator: "/")
    }()

    private static func inflated(_ bytes: [UInt8]) throws -> [UInt8] {
        guard GzipInflater.isGzip(bytes.span) else { return bytes }
        var output = ByteBuffer(capacity: 1 << 18)
        let inflater = try GzipInflater.make()
        let step = try inflater.inflate(bytes.span, into: &output, upTo: 1 << 24)
        #expect(step.consumed == bytes.count)
        try inflater.finish()
        return output.array()
    }

    private static func luhnSum(_ digits: [Int]) -> Int {
        digits.reversed().enumerated().reduce(0) { sum, item in
            let value = item.offset % 2 == 1 ? item.element * 2 : item.element
            return sum + (value > 9 ? value - 9 : value)
        }
    }

    /// ISO 13616: the first four characters go to the end, letters become two digits.
    private static func remainder97(_ iban: String) -> Int {
        let digits = (iban.dropFirst(4) + iban.prefix(4)).map { character in
            character.wholeNumberValue.map { String($0) }
                ?? String(Int(character.asciiValue ?? 0) - 55)
        }.joined()
        return digits.reduce(0) { ($0 * 10 + ($1.wholeNumberValue ?? 0)) % 97 }
    }
}
