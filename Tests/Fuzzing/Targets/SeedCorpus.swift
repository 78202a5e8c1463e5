private import Foundation

/// The kept seeds of the target `name`, in the order of their names: invented data, or bytes as
/// hexadecimal digits in files that end in `.hex`.
func keptSeeds(of name: String) -> [[UInt8]] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Seeds/\(name)")
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return files.sorted().compactMap { file in
        guard let content = try? Data(contentsOf: folder.appendingPathComponent(file)) else {
            return nil
        }
        return file.hasSuffix(".hex") ? bytes(ofHex: content) : Array(content)
    }
}

/// The bytes that pairs of hexadecimal digits stand for; blanks and line ends between them do not
/// count.
func bytes(ofHex digits: some Sequence<UInt8>) -> [UInt8] {
    let values = digits.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    return stride(from: 0, to: values.count - 1, by: 2).map {
        UInt8(values[$0] << 4 | values[$0 + 1])
    }
}
