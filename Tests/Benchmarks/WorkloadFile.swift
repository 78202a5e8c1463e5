import FileSystem
import Glibc
import Workloads

/// A file of invented events of a certain size.
struct WorkloadFile {
    let form: Form
    let path: String
    /// The bytes of the file before it was compressed.
    let plainBytes: Int
    let records: Int

    /// Makes the file in `folder`; what is not JSON Lines has its fields once only.
    init(
        _ form: Form, _ shape: Shape, sizeBytes: Int, population: Population = Population(),
        copies: Int = 1, in folder: String
    ) throws {
        self.form = form
        let plain = form == .gzip ? Form.jsonLines : form
        let plainPath = "\(folder)/workload.\(plain.rawValue)"
        var blocks = EventBlocks(
            plain, shape, sizeBytes: sizeBytes, population: population, copies: copies)
        try Self.write(&blocks, to: plainPath)
        plainBytes = blocks.written
        records = blocks.records
        path = form == .gzip ? plainPath + ".gz" : plainPath
        if form == .gzip { _ = try ChildProcess.run(["gzip", "-6", "-f", plainPath]) }
    }

    private static func write(_ blocks: inout EventBlocks, to path: String) throws {
        let number = unsafe open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw BenchmarkFault("cannot write \(path)") }
        let file = FileDescriptor(owning: number, path: path)
        while let block = blocks.next() { try file.writeAll(block.span) }
    }

    func remove() { _ = unsafe unlink(path) }
}
