private import CSystem
private import Glibc

/// The journal of the system, by its native protocol: one datagram for each entry
/// (systemd, "Native Journal Protocol").
package struct JournalSocket: Sendable {
    /// Where the journal listens.
    package static let standardPath = "/run/systemd/journal/socket"

    private let path: String

    package init(path: String = standardPath) { self.path = path }

    /// Sends an entry. Names are upper-case letters, digits and `_`, values any text.
    package func send(_ fields: [(name: String, value: String)]) throws(FileFault) {
        let datagram = Self.datagram(fields)
        let sent = unsafe datagram.withUnsafeBufferPointer { bytes in
            unsafe csystem_send_datagram(path, bytes.baseAddress, bytes.count)
        }
        guard sent == 0 else { throw FileFault(.write, errno: errno, path: path) }
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
