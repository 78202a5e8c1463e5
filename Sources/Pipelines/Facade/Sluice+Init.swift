internal import FileSystem

/// What `sluice init` is asked for.
package struct ProposalRequest: Sendable {
    /// The logs that the pipeline shall read; the first is looked at. `-`, or none, is standard
    /// input.
    package var logs: [String] = []
    /// The format; nil to recognise it.
    package var format: String?
    /// The encoding of the log; nil for UTF-8.
    package var encoding: String?
    /// The field of the event time; nil to find it.
    package var timeField: String?
    /// What the pipeline is called; nil to name it after the log.
    package var name: String?
    /// The pipeline file to write; nil to write none.
    package var output: String?
    /// Closes to the process, for good, all but the logs and the folder of the pipeline file.
    package var isConfined = false

    package init() {}
}

/// A pipeline that is proposed for a log.
package struct Proposal: Sendable {
    /// The pipeline file, in UTF-8, with a line feed at its end. No value of the log is in it.
    package let text: String
    package let format: String
    /// How many records the proposal rests on, and how many lines could not be read.
    package let recordCount: Int
    package let unreadableCount: Int
    /// The names of fields that somebody should look at.
    package let unsureFields: [String]
    package let fieldCount: Int
    /// How many names are not told because they may be values.
    package let withheldNames: Int
    /// True when a second header in the log may name further fields.
    package let hasFurtherHeaders: Bool
}

extension Sluice {
    /// Looks at the start of a log and proposes a pipeline for it, which passes `check` and its own
    /// tests. Writes it to `output`, if asked for one, which may not be there before.
    package static func propose(_ request: ProposalRequest) throws(PipelineFailure) -> Proposal {
        if let output = request.output {
            guard !output.utf8.isEmpty, output.utf8.last != UInt8(ascii: "/"),
                try !isPresent(output)
            else { throw .usage("--output: expected the name of a file that is not there yet") }
        }
        if request.isConfined { confine(request) }
        let proposal = try LogProposal(request).make()
        if let output = request.output { try write(proposal.text, to: output) }
        return proposal
    }

    private static func confine(_ request: ProposalRequest) {
        var places = Confinement.Places()
        places.read = request.logs.filter { $0 != "-" }
        places.written = [request.output].compactMap(\.self).map { splitPath($0).directory }
        _ = Confinement.enter(places)
    }

    private static func write(_ text: String, to path: String) throws(PipelineFailure) {
        let place = splitPath(path)
        let mark = WriterMark.of("init", anchored(path, at: try workingFolder()))
        do throws(FileFault) {
            let directory = try Directory.open(place.directory)
            _ = try DurableFile.removeLeftovers(in: directory, of: mark)
            let file = try DurableFile.begin(in: directory, named: place.name, mark: mark)
            try file.write(Array(text.utf8).span)
            try file.commit()
        } catch {
            throw .storage("cannot write the proposed pipeline: \(error)")
        }
    }
}
