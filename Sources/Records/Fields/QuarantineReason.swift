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
}
