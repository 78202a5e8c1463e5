private import FileSystem
import Pipelines

/// What a command throws when the facade could not do what it was asked.
struct CommandFailure: Error {
    let failure: PipelineFailure
    /// What the failure left behind.
    let effect: FailureEffect
    /// True when the command has told it already.
    var isTold = false
}

/// What `work` gives; where a machine waits for JSON on standard output, a failure of it is told
/// there, too.
func telling<Answer>(
    asJSON: Bool, effect: FailureEffect = .none,
    _ work: () throws(PipelineFailure) -> Answer
) throws -> Answer {
    do throws(PipelineFailure) {
        return try work()
    } catch {
        if asJSON, error.exitStatus != ExitStatus.closedPipe {
            let message = FailureText(error, effect: effect).message
            try StandardOutput.write(text: ReportJSON.json(error, message: message) + "\n")
        }
        throw CommandFailure(failure: error, effect: effect)
    }
}
