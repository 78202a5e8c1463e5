import Foundation

// sluice-mutants: changes the modules that guard privacy, one place at a time, and tells which
// changes no test notices. Works on a copy of the package in a folder of its own.
//
//     sluice-mutants [PLACE…] [--every N] [--again] [--tests TARGET,…] [--seconds N] [--in FOLDER]
//     sluice-mutants --list [--in FOLDER]
//
// A place is a module, a folder, a file or FILE:LINE; `--every` takes each Nth mutant, `--again`
// those that lived when they were last tried; `--tests` names the test targets to use; `--seconds`
// is how much of testing, in seconds of processors, a mutant has to live through; `--in` is where
// the copy goes; `--list` tells how many changes there are, and tries none. The last line has the
// figures; the status is 1 when one survived that `equivalent.txt` does not list.

/// Takes the value of an option out of `words`.
private func value(of option: String, _ words: inout [String]) -> String? {
    guard let at = words.firstIndex(of: option), at + 1 < words.count else { return nil }
    defer { words.removeSubrange(at...at + 1) }
    return words[at + 1]
}

private func request(_ arguments: [String]) -> MutationCheck.Request {
    var words = arguments
    var request = MutationCheck.Request(
        folder: FileManager.default.temporaryDirectory.appendingPathComponent("sluice-mutants"))
    if let step = value(of: "--every", &words).flatMap({ Int($0) }) { request.step = max(1, step) }
    if let tests = value(of: "--tests", &words) {
        request.tests = tests.split(separator: ",").map(String.init)
    }
    if let seconds = value(of: "--seconds", &words).flatMap({ Double($0) }) {
        request.limits.mutant = seconds
    }
    if let folder = value(of: "--in", &words) { request.folder = URL(fileURLWithPath: folder) }
    request.isAgain = words.contains("--again")
    request.places = words.filter { $0 != "--again" }
    return request
}

let known = ["--every", "--tests", "--seconds", "--in", "--again", "--list"]
if let odd = CommandLine.arguments.dropFirst().first(where: {
    $0.hasPrefix("-") && !known.contains($0)
}) {
    report("\(odd) is none of \(known.joined(separator: ", ")): see Tests/Mutants/main.swift")
    exit(2)
}

do {
    let check = MutationCheck(
        package: URL(fileURLWithPath: FileManager.default.currentDirectoryPath),
        request: request(Array(CommandLine.arguments.dropFirst())))
    if CommandLine.arguments.contains("--list") {
        try check.list()
        exit(0)
    }
    exit(try await check.run() ? 0 : 1)
} catch {
    report("\(error)")
    exit(2)
}
