import FileSystem
import Glibc

/// `sluice-samples --out FOLDER --seed NUMBER` writes the invented data that the pipelines of this
/// package run on.
func readArguments(_ arguments: [String]) -> (folder: String, seed: UInt64)? {
    var folder = "samples"
    var seed: UInt64 = 7
    var rest = arguments.dropFirst()
    while let flag = rest.popFirst() {
        guard let value = rest.popFirst() else { return nil }
        switch (flag, UInt64(value)) {
        case ("--out", _): folder = value
        case ("--seed", let number?): seed = number
        default: return nil
        }
    }
    return (folder, seed)
}

guard let (folder, seed) = readArguments(CommandLine.arguments) else {
    StandardError.write("usage: sluice-samples [--out FOLDER] [--seed NUMBER]\n")
    exit(2)
}
do {
    for file in Samples.files(seed: seed) { try file.write(below: folder) }
} catch let fault as FileFault {
    StandardError.write("sluice-samples: \(fault.description)\n")
    exit(6)
} catch {
    StandardError.write("sluice-samples: the samples could not be compressed\n")
    exit(70)
}
