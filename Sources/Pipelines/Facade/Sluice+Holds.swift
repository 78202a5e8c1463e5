/// What `sluice hold raise` was asked to do.
package struct HoldRequest: Sendable {
    /// Why data is held.
    package enum Ground: Sendable, Equatable {
        /// The company's own decision; the date on which the persons were told.
        case ownDecision(notice: String)
        case law(citation: String)
    }

    /// The pipeline file.
    package var pipeline: String
    /// A date or RFC 3339 time; nil for the system's clock.
    package var now: String?
    package var name: String
    package var ground: Ground
    package var reason: String
    /// Who raises it.
    package var by: String
    package var customers: [String] = []
    package var users: [String] = []
    /// Networks such as `192.0.2.0/24`, or single addresses.
    package var addresses: [String] = []
    /// The first day, or instant, of the events that are bound; nil: from the beginning.
    package var from: String?
    /// The first day, or instant, of the events that are not bound any more; nil: all.
    package var until: String?
    /// When it begins to bind; nil: now.
    package var start: String?
    /// The first day, or instant, on which it no longer binds; nil: when it is released.
    package var end: String?
    /// Outputs that may keep held records readable.
    package var outputs: [String] = []
    /// Closes to the process, for good, all that the registry is not about.
    package var isConfined = false

    package init(pipeline: String, name: String, ground: Ground, reason: String, by: String) {
        self.pipeline = pipeline
        self.name = name
        self.ground = ground
        self.reason = reason
        self.by = by
    }
}

/// A hold as people see it; whom it binds stands there as keyed hashes.
package struct HoldListing: Sendable, Equatable {
    /// What a hold is at a moment.
    package enum State: String, Sendable {
        /// It will begin to bind.
        case waiting
        case binding
        /// Its end has come.
        case ended
        case released
    }

    /// What a hold binds.
    package struct Subject: Sendable, Equatable {
        /// `customer`, `user`, `address`, `network` or `period`.
        package let kind: String
        /// The keyed hash or the network; nil for a period.
        package let value: String?
        package let from: String?
        package let until: String?
    }

    package let name: String
    package let state: State
    /// `own-decision` or `law`.
    package let ground: String
    package let notice: String?
    package let citation: String?
    package let reason: String
    package let raisedBy: String
    package let raised: String
    package let start: String
    package let end: String?
    package let released: String?
    package let releasedBy: String?
    package let subjects: [Subject]
    package let outputs: [String]
}

extension Sluice {
    /// Raises a hold and says what it binds.
    package static func raiseHold(
        _ request: HoldRequest
    ) throws(PipelineFailure) -> HoldListing {
        try HoldWork.raise(request)
    }

    /// Releases the hold of this name: the next run ages out what was held.
    /// `isConfined` is as in `HoldRequest`.
    package static func releaseHold(
        pipeline: String, name: String, by person: String, now: String?, isConfined: Bool = false
    ) throws(PipelineFailure) -> HoldListing {
        try HoldWork.release(
            pipeline: pipeline, name: name, by: person, now: now, isConfined: isConfined)
    }

    /// All holds of a pipeline's state in the order in which they were raised.
    /// `isConfined` is as in `HoldRequest`.
    package static func listHolds(
        pipeline: String, now: String?, isConfined: Bool = false
    ) throws(PipelineFailure) -> [HoldListing] {
        try HoldWork.list(pipeline: pipeline, now: now, isConfined: isConfined)
    }
}
