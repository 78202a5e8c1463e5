private import FileSystem
package import Records

/// Who uses a key store: states, which a destruction asks, and pipelines without state, which leave
/// word of what they need.
extension KeyStore {
    private static let stateRecord = SealedText(title: "registered-state", names: ["path"])
    private static let stateEnding = ".state"
    private static let forgottenEnding = ".forgotten"
    private static let forgottenRecord = SealedText(
        title: "forgotten-state", names: ["path", "milliseconds", "by"])

    /// Remembers that the state directory at `statePath` (absolute) uses keys of this store, so
    /// that a destruction can ask it. Registering again changes nothing.
    package func register(statePath: String) throws(KeyFault) {
        guard statePath.utf8.first == UInt8(ascii: "/") else {
            throw .unusableText("path of the state")
        }
        let content = try Self.stateRecord.encode([statePath])
        let name = Self.name(statePath, Self.stateEnding)
        if try directory.makeOnce(name, content: .copyingRecord(content)) { return }
        guard try path(inState: name).utf8.elementsEqual(statePath.utf8) else {
            throw .damaged(path: directory.path(of: name))
        }
    }

    /// Forgets a state directory that is gone for good; says whether it was registered.
    ///
    /// A record of who did it and when stays in the store.
    @discardableResult
    package func unregister(
        statePath: String, by who: String, now: EventTime
    ) throws(KeyFault) -> Bool {
        let name = Self.name(statePath, Self.stateEnding)
        guard try asKeyFault({ () throws(FileFault) in try directory.status(of: name) != nil })
        else { return false }
        let content = try Self.forgottenRecord.encode([
            statePath, String(now.milliseconds), who,
        ])
        _ = try directory.makeOnce(
            Self.name(statePath, "-\(now.milliseconds)" + Self.forgottenEnding),
            content: .copyingRecord(content))
        return try asKeyFault { () throws(FileFault) in
            let isRemoved = try directory.remove(name)
            try directory.synchronize()
            return isRemoved
        }
    }

    /// The paths of all registered state directories, in the order of their bytes.
    package func registeredStates() throws(KeyFault) -> [String] {
        try names(ending: Self.stateEnding).map { name throws(KeyFault) in
            try path(inState: name)
        }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private func names(ending: String) throws(KeyFault) -> [String] {
        try asKeyFault { () throws(FileFault) in try directory.names() }
            .filter { $0.utf8.suffix(ending.utf8.count).elementsEqual(ending.utf8) }
    }

    private static func name(_ text: String, _ ending: String) -> String {
        String(Digest256.of(Array(text.utf8).span).hex.prefix(16)) + ending
    }

    private func path(inState name: String) throws(KeyFault) -> String {
        let content = try PrivateFile.content(
            name, in: directory, limitBytes: SealedText.fileBytesMax)
        guard let content, let values = Self.stateRecord.decode(content) else {
            throw .damaged(path: directory.path(of: name))
        }
        return values[0]
    }
}

extension KeyStore {
    private static let pipelineRecord = SealedText(
        title: "registered-pipeline", names: ["pipeline", "lengths", "due-months", "grace"])
    private static let pipelineEnding = ".pipeline"

    /// Leaves word how long the pipeline of this name, which has no state that could be asked,
    /// needs keys; the last word counts.
    package func register(pipeline: String, needs: KeyNeeds) throws(KeyFault) {
        let content = try Self.pipelineRecord.encode([
            pipeline, needs.lengthsText, needs.usesDueMonths ? "yes" : "no", needs.grace.text,
        ])
        let name = Self.name(pipeline, Self.pipelineEnding)
        let known = try PrivateFile.content(
            name, in: directory, limitBytes: SealedText.fileBytesMax)
        if known == content { return }
        try asKeyFault { () throws(FileFault) in
            let file = try DurableFile.begin(in: directory, named: name)
            try file.write(content.span)
            try file.commit()
        }
    }

    /// True when the file `name` is a good record of who uses or used the store, false when it is
    /// a damaged one; nil when it is none.
    func checkRegistration(_ name: String) throws(KeyFault) -> Bool? {
        let forms = [
            (Self.stateEnding, Self.stateRecord), (Self.pipelineEnding, Self.pipelineRecord),
            (Self.forgottenEnding, Self.forgottenRecord),
        ]
        for (ending, form) in forms
        where name.utf8.suffix(ending.utf8.count).elementsEqual(ending.utf8) {
            let content = try PrivateFile.content(
                name, in: directory, limitBytes: SealedText.fileBytesMax)
            return content.flatMap { form.decode($0) } != nil
        }
        return nil
    }

    /// What pipelines without state need, by name.
    package func registeredPipelines() throws(KeyFault) -> [(name: String, needs: KeyNeeds)] {
        try names(ending: Self.pipelineEnding).map { name throws(KeyFault) in
            let content = try PrivateFile.content(
                name, in: directory, limitBytes: SealedText.fileBytesMax)
            guard let content, let values = Self.pipelineRecord.decode(content),
                let needs = KeyNeeds(
                    lengthsText: values[1],
                    usesDueMonths: values[2].utf8.elementsEqual("yes".utf8), graceText: values[3])
            else { throw .damaged(path: directory.path(of: name)) }
            return (values[0], needs)
        }
    }
}
