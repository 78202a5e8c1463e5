import Compression
import FileSystem
import Records

/// One file of the samples: where it lies and what is in it once inflated.
struct SampleFile {
    /// The path below the folder of the samples.
    let path: String
    let content: [UInt8]

    /// The bytes of the file: compressed when its name ends in `.gz`.
    func stored() throws(SourceFault) -> [UInt8] {
        guard path.hasSuffix(".gz") else { return content }
        var output = ByteBuffer(capacity: content.count / 4)
        let deflater = try GzipDeflater.make(level: 9)
        deflater.deflate(content.span, into: &output)
        deflater.finish(into: &output)
        return output.array()
    }

    /// Writes the file below `folder`, complete or not at all.
    func write(below folder: String) throws {
        let (directory, name) = splitPath("\(folder)/\(path)")
        let bytes = try stored()
        let file = try DurableFile.begin(
            in: .open(directory, creating: true, mode: 0o755), named: name, mode: 0o644)
        try file.write(bytes.span)
        try file.commit()
    }
}

/// All samples.
enum Samples {
    /// The files that `seed` gives: always the same.
    static func files(seed: UInt64) -> [SampleFile] {
        var random = SampleRandom(seed: seed)
        let cast = Cast(&random)
        var actions = ActionLog(cast: cast, random: SampleRandom(seed: random.next()))
        var access = AccessLog(cast: cast, random: SampleRandom(seed: random.next()))
        return actions.files() + access.files()
            + Tables.requests(cast, &random) + [Tables.optOuts(cast)]
            + [Registers.accounts(cast), Registers.customers(cast)]
            + [Registers.contacts(cast), Registers.activity(cast)]
            + [Registers.applications(cast), Registers.vacancies(), Registers.tickets(cast)]
    }
}
