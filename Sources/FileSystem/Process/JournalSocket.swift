private import CSystem
private import Glibc

/// The journal of the system, by its native protocol: one datagram for each entry
/// (systemd, "Native Journal Protocol").
package final class JournalSocket: Sendable {
    /// Where the journal listens.
    package static let standardPath = "/run/systemd/journal/socket"

    /// Connected; -1 when nobody listens.
    private let number: Int32

    /// Connects at once: a confined process makes no socket.
    package init(path: String = standardPath) {
        number = unsafe csystem_connect_datagrams(path)
    }

    deinit { if number >= 0 { close(number) } }

    /// Sends an entry, and says whether the journal took it. Names are upper-case letters, digits
    /// and `_`, values any text.
    package func send(_ fields: [(name: String, value: String)]) -> Bool {
        let datagram = Self.datagram(fields)
        let sent = unsafe datagram.withUnsafeBufferPointer { bytes in
            unsafe Glibc.send(number, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        }
        return sent == datagram.count
    }

    /// A line `NAME=value` for each field; a value with line feeds follows its name and its length,
    /// 64 bits little-endian.
    package static func datagram(_ fields: [(name: String, value: String)]) -> [UInt8] {
        let lineFeed = UInt8(ascii: "\n")
        return fields.reduce(into: []) { bytes, field in
            bytes += field.name.utf8
            if field.value.utf8.contains(lineFeed) {
                bytes.append(lineFeed)
                let count = UInt64(field.value.utf8.count)
                bytes += (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * UInt64($0))) }
            } else {
                bytes.append(UInt8(ascii: "="))
            }
            bytes += field.value.utf8
            bytes.append(lineFeed)
        }
    }
}
