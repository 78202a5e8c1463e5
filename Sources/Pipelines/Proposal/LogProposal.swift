internal import Anonymization
internal import FileSystem
internal import KeyedHashing
internal import LogFormats
internal import Records

/// Looks at a log and writes the pipeline that is proposed for it.
struct LogProposal {
    private let request: ProposalRequest

    init(_ request: ProposalRequest) { self.request = request }

    func make() throws(PipelineFailure) -> Proposal {
        try checkRequest()
        let (format, start, isComplete) = try sample()
        let survey: FieldSurvey
        do {
            survey = try FieldSurvey(start, isComplete: isComplete, format: format)
        } catch { throw .source(error) }
        try check(survey, format)
        let hasPaths = format.syntax == .json
        let all = FieldGuess.all(
            survey, times: try times(survey, format), hasPaths: hasPaths)
        // Inside another field names may be values: only those made of usual words are told.
        let told = all.filter { guess in
            let name = FieldName(guess.name, isPath: hasPaths)
            return !name.isNested || name.isKnown || guess.role == .time
        }
        let withheld = survey.withheldNames + all.count - told.count
        var pipeline = ProposedPipeline(
            name: name, files: try files(), format: format, guesses: settled(told, format),
            recordCount: survey.recordCount, withheldNames: withheld,
            unreadable: survey.unreadableCount, encoding: request.encoding)
        pipeline.trial = try trial(of: pipeline)
        return Proposal(
            text: pipeline.text, format: format.name, recordCount: survey.recordCount,
            unreadableCount: survey.unreadableCount,
            unsureFields: pipeline.guesses.filter(\.isUnsure).map(\.name),
            fieldCount: pipeline.guesses.count, withheldNames: withheld,
            hasFurtherHeaders: survey.hasFurtherHeaders)
    }

    private func checkRequest() throws(PipelineFailure) {
        if let name = request.name {
            let isName = name.utf8.allSatisfy { byte in
                byte &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
                    || byte == UInt8(ascii: "-")
            }
            guard isName, !name.isEmpty else {
                throw .usage("--name: expected `a-z`, `0-9` and `-`")
            }
        }
        for path in request.logs where path.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            throw .usage("a log: expected a path without control characters")
        }
    }

    // MARK: The log

    private func sample() throws(PipelineFailure) -> (any LogFormat, [UInt8], Bool) {
        var encoding = TextEncoding.utf8
        if let named = request.encoding {
            guard let known = TextEncoding(rawValue: named) else {
                throw .usage(
                    "--encoding: expected " + alternatives(TextEncoding.allCases.map(\.rawValue)))
            }
            encoding = known
        }
        let source = try ByteSource(
            path: request.logs.first ?? "-", digesting: false, form: SourceForm(encoding: encoding))
        let start = try source.start(FieldSurvey.sampleBytes)
        let isComplete = source.isComplete(start)
        guard !start.isEmpty else { throw .usage("the log is empty: expected some records") }
        guard let named = request.format else {
            return (try recognised(start, isComplete), start, isComplete)
        }
        guard let format = Self.format(named) else {
            throw .usage("--format: there is no format `\(named)`; see `sluice reference`")
        }
        return (format, start, isComplete)
    }

    private func recognised(
        _ start: [UInt8], _ isComplete: Bool
    ) throws(PipelineFailure) -> any LogFormat {
        let first = Array(start.prefix(FormatDetection.sampleBytes))
        let verdict = FormatDetection.detect(
            first, isComplete: isComplete && first.count == start.count, documents: true)
        switch verdict {
        case .found(let name, _):
            if let format = Self.format(name) { return format }
            throw .internalFault("a format was recognised that does not exist")
        case .unsure(let names):
            throw .usage(
                "the log may be \(alternatives(names)): expected `--format` with one of them")
        case .none:
            throw .usage(
                "the first lines are in no format that can be told by its look: expected "
                    + "`--format` with its name")
        }
    }

    private static func format(_ name: String) -> (any LogFormat)? {
        FormatCatalogue.named(name)?.make(
            SettingReader(.mapping([], .none), path: "", faults: Faults()))
    }

    private func check(
        _ survey: FieldSurvey, _ format: any LogFormat
    ) throws(PipelineFailure) {
        guard survey.recordCount > 0 else {
            throw .usage(
                "no record of the log could be read: expected some, or another `--format`")
        }
        guard !survey.fields.isEmpty else {
            throw .usage("every name of a field may be a value: expected a log with named fields")
        }
        let isHeaded = format.syntax == .delimited
        if isHeaded, survey.withheldNames > 0 || survey.fields.contains(where: \.holdsItsName) {
            throw Self.headless
        }
    }

    private static let headless = PipelineFailure.usage(
        "the first line looks like a record: expected one that names the columns; write the "
            + "pipeline by hand with `header: false` and `columns`")

    /// The fields that the time of a record is read from.
    private func times(
        _ survey: FieldSurvey, _ format: any LogFormat
    ) throws(PipelineFailure) -> [String] {
        if let asked = request.timeField {
            let field = survey.fields.first { $0.name.utf8.elementsEqual(asked.utf8) }
            guard field?.timeForm != nil else {
                throw .usage("--time: expected the name of a field of the log that holds times")
            }
            return [asked]
        }
        if let own = format.ownTime { return own.fields }
        let candidates = survey.fields.filter { field in
            guard let form = field.timeForm, !field.isRepeated else { return false }
            // The first line of a table may be a record, whose words are nobody's names.
            let mayBeCalledAnything = !form.isNumeric && format.syntax != .delimited
            let name = FieldName(field.name, isPath: format.syntax == .json)
            return mayBeCalledAnything || name.speaks(of: .time) || name.speaks(of: .change)
        }
        let usual = ["ts", "time", "timestamp", "@timestamp", "datetime"]
        if let best = usual.lazy.compactMap({ name in
            candidates.first { $0.name.utf8.elementsEqual(name.utf8) }
        }).first ?? candidates.max(by: { $0.count < $1.count }) {
            return [best.name]
        }
        throw .usage(
            "no field looks like the time of a record: expected `--time` with the name of one")
    }

    /// Without fields whose parts are fields of their own, and without fields inside others: what
    /// is sometimes a value and sometimes an object is dropped.
    private func settled(_ guesses: [FieldGuess], _ format: any LogFormat) -> [FieldGuess] {
        let whole = guesses.filter { format.parts(of: $0.name).isEmpty }
        guard format.syntax == .json else { return whole }
        let paths = whole.map { JSONFieldPath($0.name) }
        return whole.indices.filter { inner in
            !whole.indices.contains { outer in
                guard inner != outer, let around = paths[outer], let path = paths[inner] else {
                    return false
                }
                return around.contains(path)
            }
        }.map { whole[$0] }
    }

    // MARK: Names and tests

    /// The logs as the pipeline file has to name them: from its own folder.
    private func files() throws(PipelineFailure) -> [String] {
        let logs = request.logs.filter { $0 != "-" }
        let folder = request.output.map { splitPath($0).directory } ?? "."
        if folder == "." { return logs }
        let steps = folder.split(separator: "/")
        let isBelow = !folder.utf8.starts(with: "/".utf8) && !steps.contains("..")
        let way = String(repeating: "../", count: steps.count { $0 != "." })
        let here = try workingFolder()
        return logs.map { log in
            if log.utf8.starts(with: "/".utf8) { return log }
            return isBelow ? way + log : anchored(log, at: here)
        }
    }

    /// What the pipeline is called: as asked for, or the name of the file as far as it is one.
    private var name: String {
        if let asked = request.name { return asked }
        let path = lastNames(request.logs.first ?? "-")
        return path.reversed().lazy.map(Self.plainStart).first { $0.utf8.count > 2 } ?? "log"
    }

    /// The names of the log and of the folder that it lies in.
    private func lastNames(_ path: String) -> [String] {
        path.split(separator: "/").suffix(2).map(String.init)
    }

    /// The letters that a name begins with, in lower case.
    private static func plainStart(_ name: String) -> String {
        let letters = name.utf8.prefix { ($0 | 0x20) &- UInt8(ascii: "a") < 26 }
        return String(decoding: letters.map { $0 | 0x20 }, as: UTF8.self)
    }

    /// An invented record in the format of the log, and what the proposed pipeline makes of it.
    private func trial(
        of pipeline: ProposedPipeline
    ) throws(PipelineFailure) -> (input: String, output: String) {
        let record = InventedRecord(pipeline.guesses, format: pipeline.format)
        let input = try Self.source(record, pipeline.format)
        return (input, try Self.output(of: pipeline.text, input: input))
    }

    /// The record as a source in `format` has it.
    private static func source(
        _ record: InventedRecord, _ format: any LogFormat
    ) throws(PipelineFailure) -> String {
        guard format.syntax == .json else {
            return format.name == "csv"
                ? record.csv : try output(of: record.rewriting(into: format), input: record.csv)
        }
        guard let envelope = format.envelope else { return record.json + "\n" }
        let around = { (bytes: [UInt8]) in String(decoding: bytes, as: UTF8.self) }
        return around(envelope.opening) + record.json + around(envelope.closing)
    }

    /// What the only output of a pipeline has of `input`.
    private static func output(
        of pipeline: String, input: String
    ) throws(PipelineFailure) -> String {
        let bytes = Array(pipeline.utf8)
        let faults = Faults()
        let specification = PipelineSpecification.read(
            bytes, known: Sluice.knownNames, faults: faults)
        guard let specification else { throw unsound(faults) }
        var world = Sluice.world(folder: "", now: InventedRecord.now)
        world.isTrial = true
        world.optOuts = Array("customer,purposes,effective_date\n".utf8)
        let plan = Planner.plan(
            specification, digest: Digest256.of(bytes.span), world: world, faults: faults)
        guard let plan, faults.isEmpty else { throw unsound(faults) }
        let results = try PipelineTrial(plan, input: Array(input.utf8)).results()
        let output = results.outputs.first ?? []
        guard results.counts.quarantined.isEmpty, !output.isEmpty else {
            throw .internalFault("an invented record could not be read as the log's format")
        }
        return String(decoding: PipelineTrial.withTokensHidden(output), as: UTF8.self)
    }

    private static func unsound(_ faults: Faults) -> PipelineFailure {
        .faults(faults.sorted, file: "the proposed pipeline")
    }
}
