import Records
package import Statistics

extension Quantity {
    /// The figure in plain decimal, every digit of it.
    package var text: String {
        var buffer = ByteBuffer(capacity: 40)
        append(to: &buffer)
        return String(decoding: buffer.array(), as: UTF8.self)
    }
}
