package import KeyedHashing
package import Records

/// What a transform did with a value.
package enum TransformResult: Sendable, Equatable {
    /// The value may stay exactly as it was written in the source.
    case unchanged
    /// The bytes appended are text, to be encoded by the writer.
    case text
    /// The bytes appended are text of printable ASCII without `"`, `\`, `,` and `'`: no format
    /// needs to escape anything in it.
    case plainText
    /// The bytes appended are a number.
    case number
    /// The field stays with no value (JSON `null`, empty cell, `-`).
    case null
    /// The field goes: key removed (JSON), empty cell (CSV), `-` (access log).
    case dropped
}

/// A value as a transform sees it: decoded text (or the text of a number, boolean or structure).
package struct FieldValue: ~Escapable {
    /// The decoded bytes: no quotes, no escapes. Valid UTF-8 where the format guarantees it.
    package let bytes: Span<UInt8>
    /// What the source says the value is; never `absent`, `null` or `several`.
    package let kind: FieldKind

    @_lifetime(copy bytes)
    package init(bytes: Span<UInt8>, kind: FieldKind) {
        self.bytes = bytes
        self.kind = kind
    }
}

/// What a transform may know besides the value.
package struct TransformContext: ~Copyable {
    /// The UTC offset in seconds of the pipeline's time zone at the event; 0 without a time.
    package var utcOffsetSeconds = 0
    /// Makes tokens under the key of the record's epoch; nil when that key is not to be had, in
    /// which case a keyed transform drops the value.
    package var tokens: (any Tokenizer)?

    package init() {}
}

/// Makes keyed pseudonyms: the key of one epoch at work.
package protocol Tokenizer: AnyObject {
    /// Appends the 32 lower-case hexadecimal digits of the token of `canonical` in `domain`.
    func appendToken(
        in domain: TokenDomain, of canonical: Span<UInt8>, to buffer: inout ByteBuffer)
}

extension TokenHasher: Tokenizer {}

/// Changes one value so that it may outlive the window.
///
/// A transform is a pure function of the value, the key epoch and its options: the same input gives
/// the same output on every worker, so results may be cached. It sees decoded text and appends
/// decoded text; the writer encodes. Each conformer is one file with its descriptor, and one line
/// in `TransformCatalogue`.
package protocol Transform: Sendable {
    /// Applies the transform to `value` and appends what replaces it to `output`, if anything.
    func apply(
        _ value: borrowing FieldValue, _ context: borrowing TransformContext,
        into output: inout ByteBuffer
    ) -> TransformResult

    /// True when `value` has the form that `apply` leaves behind.
    ///
    /// Holds for every text that `apply` has written and for every value that it lets pass. The
    /// other way round it is as strict as the form allows: an address with bits behind the kept
    /// ones, a name where a token should stand or a text with an identifier in it does not have it.
    /// Nobody asks for empty values: there is nothing in them.
    func isReleased(_ value: borrowing FieldValue) -> Bool

    /// False when what `apply` leaves cannot be told from what it takes, so that no look at the
    /// value proves anything.
    var leavesRecognisableForm: Bool { get }

    /// True when a result stays as it is when the transform is applied to it again. False for
    /// tokens and names of classes: those of tokens and of classes would be others.
    var isRepeatable: Bool { get }

    /// What the result depends on besides the value; says for how long a cached result holds.
    var dependence: TransformDependence { get }

    /// False when computing the result costs no more than looking it up.
    var isWorthRemembering: Bool { get }
}

extension Transform {
    package var dependence: TransformDependence { .value }
    package var isWorthRemembering: Bool { true }
    package var leavesRecognisableForm: Bool { true }
    package var isRepeatable: Bool { true }
}

/// What the result of a transform depends on besides its options.
package enum TransformDependence: Sendable {
    /// The value alone.
    case value
    /// The value and the key of the record's epoch.
    case keyEpoch
    /// The time of the record too: never cached.
    case record
}
