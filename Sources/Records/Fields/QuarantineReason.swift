/// Why a record was set aside instead of being read; the raw value is stored in manifests.
package enum QuarantineReason: UInt8, Sendable, CaseIterable {
    case notJSON = 1
    case notAnObject
    case duplicateKey
    case invalidUTF8
    case loneSurrogate
    case trailingBytes
    case tooDeep
    case tooLong
    case tooManyFields
    case raggedRow
    case badQuoting
    case formatMismatch
    case noTime
    case badTime
    case containsNUL
    case badRecord

    /// The stable code printed in messages, counts and reports.
    package var code: String {
        switch self {
        case .notJSON: "not-json"
        case .notAnObject: "not-an-object"
        case .duplicateKey: "duplicate-key"
        case .invalidUTF8: "invalid-utf8"
        case .loneSurrogate: "lone-surrogate"
        case .trailingBytes: "trailing-bytes"
        case .tooDeep: "too-deep"
        case .tooLong: "too-long"
        case .tooManyFields: "too-many-fields"
        case .raggedRow: "ragged-row"
        case .badQuoting: "bad-quoting"
        case .formatMismatch: "format-mismatch"
        case .noTime: "no-time"
        case .badTime: "bad-time"
        case .containsNUL: "contains-nul"
        case .badRecord: "bad-record"
        }
    }

    /// The code in words, for people.
    package var words: String {
        switch self {
        case .notJSON: "no JSON as RFC 8259 has it"
        case .notAnObject: "JSON, but no object"
        case .duplicateKey: "an object has a key twice"
        case .invalidUTF8: "bytes that are no UTF-8"
        case .loneSurrogate: "an escape for half a character"
        case .trailingBytes: "something stands behind the object"
        case .tooDeep: "values nested deeper than `limits.depth`"
        case .tooLong: "longer than `limits.record`"
        case .tooManyFields: "more fields or cells than `limits.fields`"
        case .raggedRow: "more or fewer cells than there are columns"
        case .badQuoting: "a quote that is not closed, or stands inside a cell"
        case .formatMismatch: "a line that does not match the format"
        case .noTime: "the field of the time is missing or empty"
        case .badTime: "the time is not in its declared form, or its year not 0 to 9999"
        case .containsNUL: "a NUL byte"
        case .badRecord: "unreadable"
        }
    }
}
