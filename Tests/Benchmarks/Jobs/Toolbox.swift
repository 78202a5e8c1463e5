import Glibc

/// The tools that Sluice is measured beside, and how they come onto a machine.
enum Toolbox {
    /// Packages of Debian and Ubuntu.
    private static let packages = ["mawk": "mawk", "gawk": "gawk", "miller": "miller"]
    /// Packages of Python's index.
    private static let modules = ["duckdb": "duckdb", "polars": "polars"]
    /// Where modules that were asked for are.
    private static let environment = ".build/benchmark-tools"

    static let names = (Array(packages.keys) + Array(modules.keys)).sorted()

    /// The Python that has the modules, once they were asked for.
    static var python: String {
        let own = "\(environment)/bin/python3"
        return unsafe access(own, X_OK) == 0 ? own : "python3"
    }

    /// Installs what `names` names, with the machine's own installers.
    static func install(_ names: [String]) throws {
        let packages = names.compactMap { Self.packages[$0] }
        if !packages.isEmpty {
            let sudo = geteuid() == 0 ? [] : ["sudo"]
            _ = try ChildProcess.run(sudo + ["apt-get", "install", "-y", "-qq"] + packages)
        }
        let modules = names.compactMap { Self.modules[$0] }
        if !modules.isEmpty {
            _ = try ChildProcess.run(["python3", "-m", "venv", environment])
            _ = try ChildProcess.run(["\(environment)/bin/pip", "install", "-q"] + modules)
        }
    }

    /// Says which of the tools that jobs know are not here.
    static func printMissing() {
        let others = Job.all.flatMap(\.others).filter { !$0.isThere }
        let missing = Set(others.map(\.name)).sorted()
        if missing.isEmpty { return }
        print("not here: \(missing.joined(separator: ", ")) (see --install)")
    }
}
