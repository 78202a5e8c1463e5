extension Sluice {
    /// Copies everything still readable about a person, customer or address.
    package static func exportSubject(
        _ request: SubjectExportRequest
    ) throws(PipelineFailure) -> SubjectExportReport {
        try SubjectExport(request).run()
    }
}
