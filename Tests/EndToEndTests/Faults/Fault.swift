import Foundation
import Glibc
import TestSupport

/// A system call that fails.
struct Fault: CustomStringConvertible {
    /// How it fails.
    enum Kind: Hashable {
        case error(Int32)
        /// Half of what was asked for is written or read.
        case short
        /// The process ends there, as by this signal.
        case signal(Int32)
        /// The process is killed when half of what it asked for is written.
        case torn
        /// The disk at this folder loses its power, and the process is killed.
        case powerCut(disk: String)
    }

    enum Side: String { case write, read }

    let side: Side
    let kind: Kind
    /// The call that fails, from 1; 0: none, they are only counted.
    var number = 0
    /// True when every call behind it fails, too.
    var lasts = false
    /// The only call that counts, by its name; nil: all.
    var call: String?

    var description: String { "\(side.rawValue) call \(number), \(inWhichWay)" }

    /// The way in which calls fail, whichever they are.
    var manner: String { "\(side.rawValue) calls, \(inWhichWay)" }

    private var inWhichWay: String {
        let word =
            switch kind {
            case .error(let error): "error \(error)"
            case .short: "short count"
            case .signal(let number): "signal \(number)"
            case .torn: "killed in the middle"
            case .powerCut: "power cut"
            }
        return "\(word), \(lasts ? "for good" : "once")"
    }

    /// Settings of the environment that the interposer reads.
    func settings(report: String) -> [String] {
        var disk: [String] = []
        let word: String
        switch kind {
        case .error(let error): word = "\(error)"
        case .short: word = "short"
        case .signal(let number): word = "signal:\(number)"
        case .torn: word = "torn"
        case .powerCut(let folder):
            word = "kill"
            disk = ["FAULT_DISK=\(folder)"]
        }
        let which = number == 0 ? [] : [lasts ? "FAULT_FROM=\(number)" : "FAULT_AT=\(number)"]
        return [
            "LD_PRELOAD=\(Fault.interposer)", "FAULT_REPORT=\(report)",
            "FAULT_SIDE=\(side.rawValue)", "FAULT_AS=\(word)",
        ] + which + disk + (call.map { ["FAULT_CALL=\($0)"] } ?? [])
    }

    /// `libFaultInterposer.so`, which the package builds beside the binary.
    static let interposer = "\(SluiceProcess.folder)/libFaultInterposer.so"
}

/// What the interposer has reported, as `struct fault_report` has it.
struct FaultReport {
    /// The calls that could have failed, and those that did.
    let calls, faults: Int
    /// The name of the first that did.
    let first: String
    /// How often all that was outside was closed, and how often it was open after that.
    let kept, escapes: Int
    /// How often libdispatch began to manage threads.
    let managers: Int
    /// How many files another programme would have inherited.
    let inheritable: Int
    /// How often memory that had been locked was given up: wiped, or not.
    let wiped, unwiped: Int

    /// Makes the file at `path` into which the interposer writes.
    static func prepare(_ path: String) throws {
        try Data(count: 80).write(to: URL(fileURLWithPath: path))
    }

    init(path: String) throws {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        func number(_ at: Int) -> Int {
            bytes[at..<(at + 8)].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        calls = number(0)
        faults = number(8)
        first = String(decoding: bytes[16..<32].prefix { $0 != 0 }, as: UTF8.self)
        kept = number(32)
        escapes = number(40)
        managers = number(48)
        inheritable = number(56)
        wiped = number(64)
        unwiped = number(72)
    }
}
