package import Records

/// Where and how a format writes the time of its records, as its documents fix it.
package struct OwnTime: Sendable, Equatable {
    /// What says the offset from UTC.
    package enum Zone: Sendable, Equatable {
        /// The text itself.
        case written
        /// The format's documents: always UTC.
        case utc
        /// Nobody: the pipeline has to say in which zone the times are meant.
        case declared
    }

    /// The field of the time, or of its date.
    package let field: String
    /// The field of the time of day, when `field` holds the date alone.
    package let timeOfDay: String?
    /// How the time is written; date and time of day with a space between them.
    package let format: TimeFormat
    package let zone: Zone

    package init(
        _ field: String, timeOfDay: String? = nil, as format: TimeFormat, zone: Zone = .written
    ) {
        self.field = field
        self.timeOfDay = timeOfDay
        self.format = format
        self.zone = zone
    }

    /// All fields that the time is read from.
    package var fields: [String] { [field] + (timeOfDay.map { [$0] } ?? []) }
}
