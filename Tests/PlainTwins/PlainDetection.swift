private import Records

/// Says of some formats whether a log is of them: nine of ten lines are records by the twin of the
/// format, with a time and what else it must have.
package enum PlainDetection: String, CaseIterable {
    case jsonl, combined
    case syslogNew = "syslog_5424"
    case syslogOld = "syslog_3164"

    /// The lines of a log, none of them empty; nil for one whose lines are a question of their own.
    package static func lines(of log: [UInt8]) -> [[UInt8]]? {
        let isText = String(validating: log, as: UTF8.self) != nil
        guard isText, !log.starts(with: [0xEF, 0xBB, 0xBF]), !log.contains(0), !log.contains(0x0D)
        else { return nil }
        let lines = log.split(separator: 0x0A).map(Array.init)
        return lines.allSatisfy { $0.contains { $0 > 0x20 } } ? lines : nil
    }

    /// The formats that stand in front of this one where both fit.
    package var morePrecise: [String] {
        switch self {
        case .jsonl: ["caddy", "traefik_json", "cloudflare", "zeek_json", "cloudtrail"]
        case .syslogOld: ["haproxy", "aws_elb"]
        case .combined, .syslogNew: []
        }
    }

    /// True when `lines` are a log of this format.
    package func fits(_ lines: [[UInt8]]) -> Bool {
        let good = lines.count(where: isRecord)
        return good > 0 && good * 10 >= lines.count * 9
    }

    private func isRecord(_ line: [UInt8]) -> Bool {
        switch self {
        case .jsonl: return JSONReference.accepts(line)
        case .combined:
            guard let values = CombinedTwin.values(of: line) else { return false }
            let address = String(decoding: values[0], as: UTF8.self)
            let isAddress =
                PlainAddresses.ipv4(address) != nil || PlainAddresses.ipv6(address) != nil
            return isAddress && isTime(values[3], .accessLog)
        case .syslogNew, .syslogOld:
            let isNew = self == .syslogNew
            guard let values = LineTwins.syslog(line, isNew: isNew), let time = values["time"]
            else { return false }
            return time.kind == .text && isTime(time.text, isNew ? .rfc3339 : .syslog)
        }
    }

    /// A time, whatever the year that it does not name.
    private func isTime(_ text: [UInt8], _ format: TimeFormat) -> Bool {
        PlainClocks(isAmsterdam: false, now: 253_370_764_800_000).time(text, format) != .none
    }
}
