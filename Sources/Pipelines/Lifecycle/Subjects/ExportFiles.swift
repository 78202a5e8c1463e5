internal import FileSystem
internal import Statistics

/// The files of a copy while it is made: put aside until all of them are complete, then given their
/// names together, so that half a copy can never be taken for a whole one.
final class ExportFiles {
    /// One file in the making.
    final class File {
        let name: String
        private let file: any SpillFile
        private var buffer: [UInt8] = []

        private static let flushBytes = 1 << 16

        fileprivate init(_ name: String, _ file: any SpillFile) {
            self.name = name
            self.file = file
        }

        /// Appends `bytes`.
        func write(_ bytes: [UInt8]) throws(PipelineFailure) {
            buffer += bytes
            if buffer.count >= Self.flushBytes { try flush() }
        }

        fileprivate func flush() throws(PipelineFailure) {
            var full: [UInt8] = []
            swap(&full, &buffer)
            do { try file.append(full.span) } catch {
                throw .storage("cannot put the copy aside", error)
            }
        }

        fileprivate func forEachBlock(
            _ body: ([UInt8]) throws(FileFault) -> Void
        ) throws(FileFault) {
            var offset = 0
            var block: [UInt8] = []
            while offset < file.count {
                try file.read(at: offset, atMost: 1 << 20, into: &block)
                try body(block)
                offset += block.count
            }
        }
    }

    private let storage: any SpillStorage
    private let mark: WriterMark
    private var files: [File] = []

    /// `mark` tells what a killed copy leaves in its folder from anybody else's files.
    init(_ storage: any SpillStorage, mark: WriterMark) {
        self.storage = storage
        self.mark = mark
    }

    /// A new file that will be called `name`.
    func make(_ name: String) throws(PipelineFailure) -> File {
        do {
            let file = File(name, try storage.makeFile())
            files.append(file)
            return file
        } catch {
            throw .storage("cannot put the copy aside", error)
        }
    }

    /// Writes all files into `folder`, mode 0600, durably and together; returns their paths.
    func publish(in folder: Directory) throws(PipelineFailure) -> [String] {
        var prepared: [PreparedFile] = []
        do throws(FileFault) {
            for file in files {
                let durable = try DurableFile.begin(
                    in: folder, named: file.name, mark: mark)
                try file.forEachBlock { block throws(FileFault) in try durable.write(block.span) }
                prepared.append(try durable.prepare())
            }
            try DurableFile.publish(prepared, in: folder)
            return files.map { folder.path(of: $0.name) }
        } catch {
            try? DurableFile.discard(prepared, in: folder)
            throw .storage("cannot write the copy in \(folder.path)", error)
        }
    }

    /// Writes the only file to standard output.
    func show() throws(PipelineFailure) {
        do throws(FileFault) {
            for file in files {
                try file.forEachBlock { block throws(FileFault) in
                    try StandardOutput.write(block.span)
                }
            }
            try StandardOutput.finish()
        } catch {
            throw .storage("standard output did not take the whole copy", error)
        }
    }

    /// Ends all files; nothing may be written any more.
    func finish() throws(PipelineFailure) { for file in files { try file.flush() } }
}
