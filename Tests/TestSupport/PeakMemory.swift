public import Foundation

/// The most memory, in KiB, that the process `pid` has held at a time so far; nil when it has
/// ended.
///
/// The kernel keeps this mark of a process as long as it lives (proc(5), `VmHWM`); `rusage` would
/// add that of the process that started it.
public func peakKibibytes(of pid: pid_t) -> Int? {
    guard let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8),
        let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") })
    else { return nil }
    return line.split(separator: " ").compactMap { Int($0) }.first
}
