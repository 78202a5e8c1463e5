extension Sluice {
    /// Copies everything still readable about a person, customer or address.
    package static func exportSubject(
        _ request: SubjectExportRequest
    ) throws(PipelineFailure) -> SubjectExportReport {
        try SubjectExport(request).run()
    }

    /// Erases a subject from everything that the pipeline stores, and remembers it as a keyed hash.
    package static func eraseSubject(
        _ request: SubjectEraseRequest
    ) throws(PipelineFailure) -> SubjectChangeReport {
        try SubjectErasure(request).run()
    }

    /// Corrects a field in the subject's stored readable records.
    package static func rectifySubject(
        _ request: SubjectRectifyRequest
    ) throws(PipelineFailure) -> SubjectChangeReport {
        try SubjectRectification(request).run()
    }

    /// Lets new runs use the subject's records for nothing, or for everything again.
    package static func restrictSubject(
        _ request: SubjectRequest, lifts: Bool
    ) throws(PipelineFailure) -> SubjectRestrictReport {
        try SubjectRestriction(request, lifts: lifts).run()
    }

    /// What the registry of the pipeline knows of a subject.
    package static func statusOfSubject(
        _ request: SubjectRequest
    ) throws(PipelineFailure) -> SubjectStatusReport {
        try SubjectStatus(request).run()
    }
}
