import CFuzzer
import FileSystem
import FuzzTargets
import Glibc

// sluice-fuzz: lets libFuzzer loose on one target; `.ci/fuzz` builds it with libFuzzer and the
// address sanitizer.
//
//     sluice-fuzz list                       the names of the targets
//     sluice-fuzz seeds TARGET FOLDER        writes the seeds of a target
//     sluice-fuzz run TARGET ARGUMENTS…      the arguments are libFuzzer's

/// The target of this process; libFuzzer's callback can hold no other state.
private let chosen = FuzzTarget.all.first { target in
    CommandLine.arguments.count > 2 && target.name == CommandLine.arguments[2]
}

private func fail(_ message: String) -> Never {
    StandardError.write(message + "\n")
    exit(64)
}

private func writeSeeds(of target: FuzzTarget, to folder: String) {
    for (number, seed) in target.seeds.enumerated() {
        guard let file = unsafe fopen("\(folder)/\(number)", "w") else { fail("no such folder") }
        _ = unsafe seed.withUnsafeBytes { unsafe fwrite($0.baseAddress, 1, $0.count, file) }
        unsafe fclose(file)
    }
}

/// Ends the process at a difference, as libFuzzer wants it: it then keeps the input.
private func tryOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    do {
        _ = try chosen?.run(input)
    } catch {
        StandardError.write("\(chosen?.name ?? ""): \(error)\n")
        abort()
    }
    return 0
}

switch (CommandLine.arguments.dropFirst().first, chosen, CommandLine.arguments.count) {
case ("list", _, 2):
    for target in FuzzTarget.all { print(target.name) }
case ("seeds", let target?, 4): writeSeeds(of: target, to: CommandLine.arguments[3])
case ("run", .some, _):
    var arguments = unsafe [CommandLine.unsafeArgv[0]]
    for index in 3..<max(3, CommandLine.arguments.count) {
        unsafe arguments.append(CommandLine.unsafeArgv[index])
    }
    unsafe arguments.append(nil)
    // libFuzzer leaves the crash reporter of the Swift runtime in its place, which takes minutes.
    for crash in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT] { _ = signal(crash, SIG_DFL) }
    let status = unsafe sluice_fuzz_run(Int32(arguments.count - 1), &arguments, tryOne)
    if status < 0 { fail("libFuzzer is not in this build: use .ci/fuzz") }
    exit(status)
default: fail("sluice-fuzz list | seeds TARGET FOLDER | run TARGET ARGUMENTS…")
}
