private import CSystem
private import Glibc
private import Synchronization

/// Tells the temporary files of one writer (a state, or a pipeline without one) from those of
/// another that writes to the same folder: 16 hexadecimal digits.
package struct WriterMark: Hashable, Sendable {
    package let digits: String

    /// Files that nobody else can mean: in folders of one writer.
    package static let none = WriterMark(unchecked: "")

    private init(unchecked digits: String) { self.digits = digits }

    /// Nil unless `digits` are 16 hexadecimal digits in lower case.
    package init?(_ digits: String) {
        guard digits.utf8.count == 16, digits.utf8.allSatisfy(TemporaryName.isLowerHexDigit)
        else { return nil }
        self.digits = digits
    }
}

/// The name of a file that is being made: `.NAME.sluice-MARK-RUN-NUMBER.tmp`.
///
/// MARK is that of the writer and is left out with its dash when there is none. RUN is 16
/// hexadecimal digits, random for each process; NUMBER counts the files of the process.
/// The dot keeps it out of listings and patterns, the form lets a later run recognise what a
/// killed one left behind.
package enum TemporaryName {
    /// The random part of all names of this process.
    package static let run = randomRun()

    private static let sequence = Atomic<UInt64>(0)

    /// The longest name a Linux file system takes, in bytes.
    private static let nameBytesMax = 255

    /// A fresh name for a file that will be called `finalName`; a long name is cut to fit.
    static func make(for finalName: String, _ mark: WriterMark = .none) -> String {
        let number = sequence.wrappingAdd(1, ordering: .relaxed).oldValue
        let written = mark == .none ? "" : "\(mark.digits)-"
        let tail = ".sluice-\(written)\(run)-\(number).tmp"
        var kept = ""
        var room = nameBytesMax - 1 - tail.utf8.count
        for scalar in finalName.unicodeScalars {
            room -= UTF8.width(scalar)
            if room < 0 { break }
            kept.unicodeScalars.append(scalar)
        }
        return ".\(kept)\(tail)"
    }

    /// The run that made a file of this name, or nil when the name is not of the form.
    package static func run(of name: some Collection<UInt8>) -> [UInt8]? { origin(of: name)?.run }

    /// The writer (empty: none) and the run that made a file of this name, or nil when the name is
    /// not of the form.
    static func origin(of name: some Collection<UInt8>) -> (mark: [UInt8], run: [UInt8])? {
        let parts = Array(name).split(
            separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count >= 4, let first = parts.first, first.isEmpty,
            let last = parts.last, last.elementsEqual("tmp".utf8)
        else { return nil }
        let label = parts[parts.count - 2].split(
            separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard label.count == 3 || label.count == 4, label[0].elementsEqual("sluice".utf8),
            let number = label.last, !number.isEmpty,
            number.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") })
        else { return nil }
        let marks = label[1..<(label.count - 1)]
        guard marks.allSatisfy({ $0.count == 16 && $0.allSatisfy(isLowerHexDigit) }),
            let run = marks.last
        else { return nil }
        return (marks.count == 2 ? Array(marks[marks.startIndex]) : [], Array(run))
    }

    static func isLowerHexDigit(_ byte: UInt8) -> Bool {
        (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"))
            || (byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "f"))
    }

    private static func randomRun() -> String {
        var value: UInt64 = 0
        let got = unsafe withUnsafeMutableBytes(of: &value) {
            unsafe getrandom($0.baseAddress, $0.count, 0)
        }
        // Uniqueness is all that is needed: O_EXCL turns a repeated name into a fault.
        if got != MemoryLayout<UInt64>.size { value = UInt64.random(in: .min ... .max) }
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
