internal import LogFormats
internal import Records

/// Standard input whose format was found by looking at its first lines.
struct RecognisedInput {
    /// Standard input, from its first byte on.
    let source: ByteSource
    /// What people are told of the choice.
    let note: String

    /// The name that asks for it.
    private static let automatic = "auto"

    /// Puts the format that was found into `request`; nil when it names one itself. In doubt it is
    /// a fault, which names what it may be.
    init?(_ request: inout FilterRequest) throws(PipelineFailure) {
        guard request.format.utf8.elementsEqual(Self.automatic.utf8) else { return nil }
        let encoding = request.encoding.flatMap { TextEncoding(rawValue: $0) } ?? .utf8
        source = try ByteSource(
            path: "-", digesting: false, form: SourceForm(encoding: encoding))
        let start = try source.start(FormatDetection.sampleBytes)
        switch FormatDetection.detect(start, isComplete: source.isComplete(start)) {
        case .found(let name, let lines):
            request.format = name
            note = "`--format auto`: recognised `\(name)` by the first \(lines) lines"
        case .unsure(let names):
            throw .usage(
                "--format auto: the input may be \(alternatives(names)): expected one of them")
        case .none:
            throw .usage(
                "--format auto: the first lines are in no format that can be told by its look: "
                    + "expected `--format` with its name or pattern")
        }
    }
}
