package import KeyedHashing
package import Records

/// Where the month keys are, how long they stay, and what seals them.
package struct KeySpecification: Sendable, Equatable {
    /// How long a key stays for late records unless written otherwise: a week, in which a missed
    /// job is noticed and the logs of a month's last days have arrived.
    package static let standardGrace = CalendarDuration(months: 0, days: 7)

    /// The directory of the key store; nil for `keys` inside the state directory.
    package let path: Marked<String>?
    /// How long a key stays after the last record of its month must have been aged out.
    package let grace: Marked<CalendarDuration>
    /// Where the key-encryption key comes from that seals the key files; nil for plain files.
    package let wrappedBy: Marked<WrappingKeySource>?

    static func decode(
        _ setting: Setting,
        path: String,
        _ context: DecodingContext
    ) -> KeySpecification? {
        if case .text = setting {
            return context.text(setting, path: path).map {
                KeySpecification(path: $0, grace: .standard(standardGrace), wrappedBy: nil)
            }
        }
        let section = SectionReader(setting, PipelineReference.keys, path: path, context)
        let keys = KeySpecification(
            path: section.text("path"),
            grace: section.period("grace") ?? .standard(standardGrace),
            wrappedBy: section.optional("wrapped_by").flatMap {
                wrapping($0, path: "\(path).wrapped_by", context)
            }
        )
        section.finish()
        return keys
    }

    private static func wrapping(
        _ setting: Setting,
        path: String,
        _ context: DecodingContext
    ) -> Marked<WrappingKeySource>? {
        let kinds = ["descriptor", "credential"]
        guard let chosen = context.named(setting, path: path, kind: "source", known: kinds),
            let value = context.text(chosen.options, path: "\(path).\(chosen.name.value)")
        else { return nil }
        guard chosen.name.value == kinds[0] else {
            return checked(value, path: "\(path).credential", context)
        }
        if let number = Int32(value.value), (3...1023).contains(number) {
            return Marked(.descriptor(number), at: value.position)
        }
        context.faults.add(
            "expected the number of an inherited file descriptor, 3 to 1023",
            at: value.position,
            path: "\(path).descriptor"
        )
        return nil
    }

    /// A credential is a file below a folder that the service manager names.
    private static func checked(
        _ name: Marked<String>,
        path: String,
        _ context: DecodingContext
    ) -> Marked<WrappingKeySource>? {
        let bytes = Array(name.value.utf8)
        let isName = bytes.count <= 255 && bytes.first != UInt8(ascii: ".")
            && bytes.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") }
        if isName { return Marked(.credential(name.value), at: name.position) }
        context.faults.add(
            "expected the name of a credential, without `/`",
            at: name.position,
            path: path
        )
        return nil
    }
}
