package import ArgumentParser
private import FileSystem
internal import Pipelines

/// Whose request it is, as all subcommands of `subject` know it.
package struct SubjectOptions: ParsableArguments {
    @Argument(help: "The pipeline file.")
    package var pipeline: String

    @Option(help: ArgumentHelp("The user, as records name them; - reads it.", valueName: "value"))
    package var user: String?

    @Option(help: ArgumentHelp("The customer; - reads it.", valueName: "value"))
    package var customer: String?

    @Option(help: ArgumentHelp("The IP address; - reads it.", valueName: "value"))
    package var address: String?

    @Option(
        help: ArgumentHelp(
            "Only records of this customer, with --user; - reads it.",
            valueName: "value"))
    package var withinCustomer: String?

    @Option(
        help: ArgumentHelp(
            "The clock instead of the system's: a date or an RFC 3339 time.", valueName: "time"))
    package var now: String?

    @OptionGroup package var sandbox: SandboxOptions

    package init() {}

    /// The request, with what `-` stands for read from `lines`.
    func request(
        _ lines: inout InputLines, _ answer: AnswerOptions?
    ) throws(PipelineFailure) -> SubjectRequest {
        let given: [(SubjectRequest.Kind, String)] = [
            (SubjectRequest.Kind.user, user), (.customer, customer), (.address, address),
        ].compactMap { kind, value in value.map { (kind, $0) } }
        guard given.count == 1, let (kind, value) = given.first else {
            throw .usage("expected one of --user, --customer and --address")
        }
        var request = SubjectRequest(
            pipeline: pipeline, kind: kind, value: try lines.resolve(value))
        if let withinCustomer { request.withinCustomer = try lines.resolve(withinCustomer) }
        request.now = now
        request.isConfined = !sandbox.noSandbox
        guard let answer else { return request }
        if let role = answer.role {
            request.role = SubjectRequest.Role(rawValue: role)
            if request.role == nil {
                throw .usage("--role: expected `controller` or `processor`")
            }
        }
        request.identityCheck = answer.identityCheck
        request.consent = answer.consent
        request.requestedBy = answer.by
        return request
    }
}

/// What has to be on record of every answer.
package struct AnswerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "In what role you answer: controller or processor.", valueName: "role"))
    package var role: String?

    @Option(
        help: ArgumentHelp(
            "Where the check of the person's identity is on record, e.g. a ticket number.",
            valueName: "reference"))
    package var identityCheck: String?

    @Option(
        help: ArgumentHelp(
            "Where the customer's consent is on record; needed by a processor.",
            valueName: "reference"))
    package var consent: String?

    @Option(help: ArgumentHelp("Who answers.", valueName: "name"))
    package var by: String?

    package init() {}
}

/// The lines of standard input that stand for arguments given as `-`, in the order of the flags'
/// help: values stay out of the process list and the shell's history.
struct InputLines {
    private var lines: [Substring]?
    private static let bytesMax = 1 << 16

    /// `argument`, or the next line of standard input when it is `-`.
    mutating func resolve(_ argument: String) throws(PipelineFailure) -> String {
        guard argument.utf8.elementsEqual("-".utf8) else { return argument }
        if lines == nil { lines = try Self.read() }
        guard let line = lines?.first else {
            throw .usage("`-` stands for a line of standard input, which has no more lines")
        }
        lines?.removeFirst()
        return String(line)
    }

    private static func read() throws(PipelineFailure) -> [Substring] {
        do {
            let bytes = try FileDescriptor.standardInput().readAll(limitBytes: bytesMax)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw PipelineFailure.usage("standard input: expected UTF-8")
            }
            return text.split(
                omittingEmptySubsequences: true, whereSeparator: \.isNewline)
        } catch let failure as PipelineFailure {
            throw failure
        } catch {
            throw .usage("standard input cannot be read: \(error)")
        }
    }
}
