internal import Anonymization
internal import FileSystem
internal import KeyedHashing

extension Sluice {
    /// Proves or disproves, by reading what lies there, that a pipeline with state keeps its
    /// promises; writes the evidence when a folder is named.
    ///
    /// Findings are in the report; a failure means that nobody could look.
    package static func verify(
        _ request: VerifyRequest
    ) throws(PipelineFailure) -> VerificationReport {
        do { try HashingSelfTest.run() } catch {
            throw .internalFault("the hash functions do not give the published values")
        }
        let loaded = try loadSpecification(request.pipeline, now: request.now)
        guard let state = loaded.plan.state else {
            throw .usage(
                "\(request.pipeline) has no `state`: without it nothing is remembered that could "
                    + "be verified")
        }
        let folder = try workingFolder()
        if let reports = request.reportFolder {
            let places = ResultPlaces(loaded.plan, of: loaded.specification, at: folder)
            for name in [EvidenceFiles.names.json, EvidenceFiles.names.html] {
                try places.check(file: "\(reports)/\(name)", "--report")
            }
        }
        let plan = loaded.plan.anchored(at: folder)
        let verification = Verification(
            plan: plan, specification: loaded.specification,
            statePath: anchored(state, at: folder))
        if request.isConfined {
            verification.confinedWriting = request.reportFolder.map { [$0] } ?? []
        }
        if let reports = request.reportFolder {
            try verification.checkReportFolder(anchored(reports, at: folder))
        }
        var report = try verification.run()
        if let reports = request.reportFolder {
            report.files = try EvidenceFiles.write(
                report, into: reports, mark: plan.mark)
        }
        return report
    }
}
