import Records
import TestSupport

/// The instant of an RFC 3339 text, or nil.
func instant(_ text: String) -> EventTime? {
    TimeFormat.rfc3339.parse(bytes(text).span, zone: .utc)
}

/// The date of a text `yyyy-MM-dd`, or nil.
func date(_ text: String) -> CivilDate? { CivilDate(parsing: bytes(text).span) }
