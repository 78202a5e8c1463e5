private import FileSystem
private import Glibc
package import Pipelines

/// What `sluice run` is told, in plain values, and what it does then.
package struct RunArguments: Equatable {
    package var pipeline = ""
    package var sources: [String] = []
    package var now: String?
    package var workers: Int?
    package var profile = false
    package var noSandbox = false
    package var dryRun = false
    package var forgetMissing: String?
    package var expectBytes: Int?
    package var expectSHA256: String?
    package var eofIsComplete = false
    package var confirm: String?
    package var metrics: String?
    package var logFormat = LogFormat.text
    package var json = false
    package var quiet = false
    package var verbose = false

    /// What the facade is asked to do; a flag that makes no sense is a usage failure.
    package func request() throws(PipelineFailure) -> RunRequest {
        try WorkOptions.check(workers: workers)
        try TalkOptions.check(quiet: quiet, verbose: verbose)
        var request = RunRequest(pipeline: pipeline)
        request.sources = sources
        request.now = now
        request.workers = workers
        request.isDryRun = dryRun
        request.forgetsMissing = forgetMissing
        if let expectBytes, expectBytes < 0 {
            throw .usage("--expect-bytes: found \(expectBytes), expected a number of bytes")
        }
        request.expectedBytes = expectBytes
        request.expectedSHA256 = try Self.digest(expectSHA256)
        request.endOfInputIsComplete = eofIsComplete
        request.reportsOnStandardOutput = json
        request.confirmation = confirm
        request.isConfined = !noSandbox
        request.metrics = metrics
        return request
    }

    /// Runs the pipeline and tells of it.
    package func run() throws {
        let log = EventLog(logFormat)
        let report = try logging(to: log, pipeline: pipeline) {
            let report = try ran(showingProgress: log == nil && !quiet)
            try writeMetrics(report)
            return report
        }
        if json {
            let text = ReportJSON.json(report, withStages: profile)
            try StandardOutput.write(text: text + "\n")
        }
        if let log {
            log.write(LogEvent.events(of: report))
        } else {
            tell(report)
        }
    }

    private func ran(showingProgress: Bool) throws -> RunReport {
        let request: RunRequest
        do throws(PipelineFailure) {
            request = try self.request()
        } catch {
            throw CommandFailure(failure: error, effect: .none)
        }
        let bar = showingProgress ? ProgressBar.onTerminal() : nil
        return try telling(
            asJSON: json, effect: .nothingWritten
        ) { () throws(PipelineFailure) in
            defer { bar?.finish() }
            return try Sluice.run(request, observer: bar)
        }
    }

    /// The closing table; a quiet run says only that it came late, and what somebody has to do.
    private func tell(_ report: RunReport) {
        if !quiet, !json || verbose {
            let table = ClosingTable(
                report,
                columnsMax: Terminal.tableColumns,
                isVerbose: verbose
            )
            StandardError.write(table.text)
        }
        if quiet {
            for sentence in report.alarms + [report.lateness?.sentence].compactMap({ $0 }) {
                StandardError.write(
                    FaultReport.printable("sluice: \(report.pipeline): \(sentence)") + "\n")
            }
        }
        if profile, !json {
            StandardError.write(ProfileText(report, columnsMax: Terminal.tableColumns).text)
        }
    }

    /// Metrics of a run that did what it was asked, and of how the pipeline stands then.
    private func writeMetrics(_ report: RunReport) throws {
        guard let metrics, !dryRun else { return }
        do throws(PipelineFailure) {
            let text = MetricsText(
                run: report, finished: Int64(time(nil)), status: report.status)
            try MetricsFile.write(text.text, to: metrics)
        } catch {
            let failure = PipelineFailure.behind(done: "the run is done and stands", error)
            throw CommandFailure(failure: failure, effect: .none)
        }
    }

    private static func digest(_ text: String?) throws(PipelineFailure) -> String? {
        guard let text else { return nil }
        let digits = text.utf8.filter { UInt8.hexadecimalDigits.contains($0) }
        guard digits.count == 64, text.utf8.count == 64 else {
            throw .usage("--expect-sha256: expected 64 hexadecimal digits")
        }
        return text.lowercased()
    }
}

extension RunArguments {
    /// The arguments of a `run` as scheduled jobs write it: nothing but a pipeline, sources and the
    /// options below, each of them once, spelled out, with its value in a word of its own. Nil for
    /// anything else, right or wrong: that is for the parser. A test holds both against each other.
    package init?(plain words: [String]) {
        self.init()
        guard words.first == "run" else { return nil }
        var names: [String] = []
        var rest = words.dropFirst()
        while let word = rest.popFirst() {
            guard word.utf8.first == UInt8(ascii: "-") else {
                names.append(word)
                continue
            }
            switch word {
            case "--quiet" where !quiet: quiet = true
            case "--verbose" where !verbose: verbose = true
            case "--profile" where !profile: profile = true
            case "--no-sandbox" where !noSandbox: noSandbox = true
            case "--dry-run" where !dryRun: dryRun = true
            case "--forget-missing" where forgetMissing == nil:
                guard let value = Self.value(&rest) else { return nil }
                forgetMissing = value
            case "--json" where !json: json = true
            case "--metrics" where metrics == nil:
                guard let value = Self.value(&rest) else { return nil }
                metrics = value
            case "--now" where now == nil:
                guard let value = Self.value(&rest) else { return nil }
                now = value
            case "--workers" where workers == nil:
                guard let value = Self.value(&rest), let number = Int(value) else { return nil }
                workers = number
            default: return nil
            }
        }
        guard let first = names.first else { return nil }
        pipeline = first
        sources = Array(names.dropFirst())
    }

    /// The word behind an option, unless it looks like another option.
    private static func value(_ rest: inout ArraySlice<String>) -> String? {
        guard let word = rest.popFirst(), word.utf8.first != UInt8(ascii: "-") else { return nil }
        return word
    }
}

extension UInt8 {
    fileprivate static let hexadecimalDigits = Array("0123456789abcdefABCDEF".utf8)
}
