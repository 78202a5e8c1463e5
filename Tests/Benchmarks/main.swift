import Glibc

/// `sluice-benchmarks` measures Sluice on invented logs beside the limits of the machine and the
/// tools that it finds here, or how its cost grows, and prints tables. It compares no results: the
/// tests do that.

func run(_ arguments: Arguments) throws {
    _ = try ChildProcess.run(["mkdir", "-p", arguments.folder])
    let version = try ChildProcess.run([arguments.sluice, "--version"], keepsOutput: true)
    print(version.output, terminator: "")
    switch arguments.mode {
    case .jobs: try Comparison(arguments: arguments).run()
    case .scales: try ScaleRun(arguments: arguments).run()
    }
}

do {
    if CommandLine.arguments.contains("--help") {
        print(Arguments.usage)
        exit(0)
    }
    try run(Arguments(CommandLine.arguments))
} catch {
    print("sluice-benchmarks: \(error)")
    exit(2)
}
