internal import FileSystem
internal import KeyedHashing
internal import Publication
internal import Records
internal import Statistics

/// Turns measured tables into the files of statistics and disclosures.
struct TableFiles {
    /// One file, complete in memory: tables are small.
    struct File {
        var table: String
        var path: String
        /// The path for people: the template where values stand in the path.
        var shownPath: String
        var rows: Int
        var bytes: [UInt8]
        /// Its figures, and those of them that are withheld.
        var figures = (all: 0, withheld: 0)
    }

    /// A file that is durable under its temporary name.
    typealias Prepared = (file: File, folder: String, prepared: PreparedFile)

    let plan: Plan
    /// Months with records that are no longer readable; a disclosure leaves them out.
    let refusedMonths: Set<CalendarMonth>

    /// The files of all tables, in the order of the plan.
    func files(_ tables: [MeasuredTable]) -> [File] {
        zip(plan.tables, tables).flatMap { table, measured in
            table.paths.flatMap { path, format in
                table.isDisclosure
                    ? disclosure(table, measured, path, format)
                    : [statistic(table, measured, path, format)]
            }
        }
    }

    private func statistic(
        _ table: TablePlan, _ measured: MeasuredTable, _ path: PathTemplate,
        _ format: TableFormat
    ) -> File {
        let (bytes, figures) = Self.content(measured, format)
        let path = Self.fill(path, ["name": table.name])
        return File(
            table: table.name, path: path, shownPath: path, rows: measured.rows.count,
            bytes: bytes, figures: figures)
    }

    /// How many rows of a disclosure are in no file though their months are readable: who has no
    /// partner or no name is in nobody's report.
    func namelessRows(_ measured: MeasuredTable) -> Int {
        readableRows(measured).count { $0.key.contains(where: \.isEmpty) }
    }

    /// The rows of months that are wholly readable.
    private func readableRows(_ measured: MeasuredTable) -> [MeasuredRow] {
        guard let month = measured.groupColumns.firstIndex(of: "month") else {
            return refusedMonths.isEmpty ? measured.rows : []
        }
        let refused = refusedMonths.map(\.text)
        return measured.rows.filter {
            !refused.contains(String(decoding: $0.key[month], as: UTF8.self))
        }
    }

    /// One file for each set of values that the path asks for; months that are not wholly readable
    /// are refused.
    private func disclosure(
        _ table: TablePlan, _ measured: MeasuredTable, _ path: PathTemplate,
        _ format: TableFormat
    ) -> [File] {
        var files: [(path: String, table: MeasuredTable)] = []
        var numbers: [String: Int] = [:]
        for row in readableRows(measured) where !row.key.contains(where: \.isEmpty) {
            var values = ["name": table.name]
            for column in table.columns {
                guard let index = measured.groupColumns.firstIndex(of: column) else { continue }
                values[column] = Self.fileName(row.key[index])
            }
            let filled = Self.fill(path, values)
            if let known = numbers[filled] {
                files[known].table.rows.append(row)
            } else {
                var part = measured
                part.rows = [row]
                numbers[filled] = files.count
                files.append((filled, part))
            }
        }
        return files.map { filled, part in
            File(
                table: table.name, path: filled, shownPath: path.text, rows: part.rows.count,
                bytes: Self.content(part, format).bytes)
        }
    }

    /// How many rows of a table are made ready to be shown at a time: a table may have millions,
    /// which need not be in memory twice.
    private static let rowsOfBlock = 4096

    /// The bytes of a table with its small cells hidden, and how many figures it has.
    private static func content(
        _ measured: MeasuredTable, _ format: TableFormat
    ) -> (bytes: [UInt8], figures: (all: Int, withheld: Int)) {
        var buffer = ByteBuffer(capacity: 1 << 12)
        var figures = (all: 0, withheld: 0)
        var block = measured
        var start = 0
        repeat {
            block.rows = Array(measured.rows[start...].prefix(rowsOfBlock))
            let shown = suppressed(block)
            switch format {
            case .csv where start == 0: shown.appendCSV(to: &buffer)
            case .csv: shown.appendCSVRows(to: &buffer)
            case .jsonl: shown.appendJSONLines(to: &buffer)
            }
            figures.all += shown.figures.all
            figures.withheld += shown.figures.withheld
            start += rowsOfBlock
        } while start < measured.rows.count
        return (buffer.array(), figures)
    }

    private static func fill(_ path: PathTemplate, _ values: [String: String]) -> String {
        path.parts.reduce(into: "") { text, part in
            switch part {
            case .literal(let literal): text += literal
            case .placeholder(let name): text += values[name] ?? name
            }
        }
    }

    /// A value as part of a file name: letters, digits, `.`, `_` and `-` stay, everything else and
    /// a leading dot become `%XX`, so that no value can lead out of its folder. Of a long one the
    /// begin stays, with a digest of all of it: no value makes a name that no folder takes.
    static func fileName(_ value: [UInt8]) -> String {
        if value.isEmpty { return "none" }
        var name = ByteBuffer(capacity: value.count * 3)
        for (index, byte) in value.enumerated() {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                name.append(byte)
            case UInt8(ascii: ".") where index > 0: name.append(byte)
            default:
                name.append(UInt8(ascii: "%"))
                name.append(hexDigit(byte >> 4))
                name.append(hexDigit(byte & 15))
            }
        }
        let whole = name.array()
        if whole.count <= lengthMax { return String(decoding: whole, as: UTF8.self) }
        var begin = whole.prefix(lengthMax - 33)
        // No `%XX` is cut in two.
        if let sign = begin.suffix(2).lastIndex(of: UInt8(ascii: "%")) { begin = begin[..<sign] }
        let digest = Digest256.of(value.span).hex.prefix(32)
        return "\(String(decoding: begin, as: UTF8.self))~\(digest)"
    }

    /// The longest part of a file name that a value makes: two of them, an ending and what a
    /// temporary name adds still fit.
    static let lengthMax = 80

    /// Writes `files` under temporary names, durably.
    static func prepare(
        _ files: [File], sources: Set<FileIdentity>, in folders: OpenFolders
    ) throws(PipelineFailure) -> [Prepared] {
        var prepared: [Prepared] = []
        do throws(PipelineFailure) {
            for file in files where file.path != "-" {
                let durable = try FileSink.begin(
                    file.path, shownAs: file.shownPath, sources: sources, in: folders)
                do throws(FileFault) {
                    try durable.write(file.bytes.span)
                    prepared.append(
                        (file, durable.folder, try durable.prepare(settlingDirectory: false)))
                } catch {
                    throw .storage("cannot write \(file.shownPath): \(error.reason)")
                }
            }
            for group in inFolders(prepared) { try settle(group, in: folders) }
        } catch {
            discard(prepared, in: folders)
            throw error
        }
        return prepared
    }

    /// The files one after the other, those that follow one another in one folder together: it is
    /// made durable once for all of them.
    static func inFolders(_ files: [Prepared]) -> [ArraySlice<Prepared>] {
        var groups: [ArraySlice<Prepared>] = []
        var rest = files[...]
        while let folder = rest.first?.folder {
            groups.append(rest.prefix { $0.folder == folder })
            rest = rest.dropFirst(groups[groups.count - 1].count)
        }
        return groups
    }

    /// Makes the folder of `group` durable.
    private static func settle(
        _ group: ArraySlice<Prepared>, in folders: OpenFolders
    ) throws(PipelineFailure) {
        guard let first = group.first else { return }
        do throws(FileFault) { try folders.open(first.folder).synchronize() } catch {
            throw .storage("cannot write \(first.file.shownPath): \(error.reason)")
        }
    }

    /// Writes the table that goes to standard output, if there is one; to be called last.
    static func show(_ files: [File]) throws(PipelineFailure) {
        for file in files where file.path == "-" {
            do {
                try StandardOutput.write(file.bytes.span)
                try StandardOutput.finish()
            } catch {
                if error.code == "broken-pipe" { throw .closedPipe }
                throw .storage("standard output did not take everything: \(error)")
            }
        }
    }

    /// How many of the files have their final names, though another could not get its own.
    static func publishedCount(_ files: [Prepared], in folders: OpenFolders) -> Int {
        files.count { file in
            guard let folder = try? folders.open(file.folder) else { return false }
            return file.prepared.isPublished(in: folder)
        }
    }

    /// Removes prepared files that will not be published.
    static func discard(_ files: [Prepared], in folders: OpenFolders) {
        for entry in files {
            _ = try? folders.open(entry.folder).remove(entry.prepared.temporaryName)
        }
    }
}

extension StatisticTable {
    /// How many figures it has, and how many of them are withheld.
    fileprivate var figures: (all: Int, withheld: Int) {
        rows.reduce(into: (all: 0, withheld: 0)) { sum, row in
            for cell in row.cells {
                sum.all += 1
                switch cell {
                case .suppressed, .withheld: sum.withheld += 1
                case .value, .zero, .notMeasured: break
                }
            }
        }
    }
}
