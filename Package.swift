// swift-tools-version: 6.2
import PackageDescription

/// What every target of the package is held to: Swift 6, every unsafe use marked, no warning let
/// through. `Lifetimes` lets an owner of bytes hand out a view that cannot outlive it.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableExperimentalFeature("Lifetimes"),
]

/// Nothing loads code into the programme: with twenty thousand symbols for it to find, each start
/// would take a millisecond longer.
let closed: [LinkerSetting] = [
    .unsafeFlags(
        ["-Xlinker", "--no-export-dynamic"],
        .when(platforms: [.linux], configuration: .release))
]

/// One library layer; the list below is in the order in which a record meets them.
func layer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// The tests of one layer; `excluding` names folders with data instead of code.
func tests(
    _ name: String, _ dependencies: [Target.Dependency], excluding: [String] = []
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies + ["TestSupport"],
        path: "Tests/\(name)", exclude: excluding, swiftSettings: strict)
}

let package = Package(
    name: "sluice",
    products: [
        .library(name: "SluiceKit", targets: ["SluiceKit"]),
        .executable(name: "sluice", targets: ["SluiceCommand"]),
        .executable(name: "sluice-samples", targets: ["SampleLogs"]),
        .executable(name: "sluice-benchmarks", targets: ["Benchmarks"]),
        .executable(name: "sluice-fuzz", targets: ["FuzzRunner"]),
        .executable(name: "sluice-mutants", targets: ["Mutants"]),
        .library(name: "FaultInterposer", type: .dynamic, targets: ["FaultInterposer"]),
    ],
    // Exact, as Package.resolved is not kept: a clone builds the same sources at any time. Each of
    // them depends on nothing further. A newer version is a change of its own, with all tests.
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(
            name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(name: "CSystem"),
        .target(name: "CScanning"),
        .target(name: "CIsal"),
        .target(name: "CZstd"),
        layer("FileSystem", ["CSystem", "Records"]),
        layer("Records", ["CScanning"]),
        layer("Compression", ["CZlib", "CIsal", "CZstd", "Records"]),
        layer("KeyedHashing", ["CCrypto", "CSystem", "Records", "FileSystem"]),
        layer("Anonymization", ["Records", "KeyedHashing", "CScanning"]),
        layer("LogFormats", ["Records", "Anonymization", "CScanning"]),
        layer("Statistics", ["Records", "Anonymization", "KeyedHashing", "FileSystem"]),
        layer(
            "Ledger",
            [
                "Records", "FileSystem", "KeyedHashing",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]),
        layer(
            "Publication",
            [
                "Records", "KeyedHashing", "Anonymization", "Statistics", "FileSystem",
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]),
        layer(
            "Pipelines",
            [
                "FileSystem", "Records", "Compression", "KeyedHashing", "Anonymization",
                "LogFormats", "Statistics", "Ledger", "Publication",
                .product(name: "Yams", package: "Yams"),
            ]),
        layer("SluiceKit", ["Pipelines", "Anonymization", "Records"]),
        .executableTarget(
            name: "SluiceCommand",
            dependencies: [
                "Pipelines", "FileSystem", "Records", "Anonymization", "CSystem",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict, linkerSettings: closed),
        .executableTarget(
            name: "SampleLogs", dependencies: ["Compression", "FileSystem", "Records"],
            swiftSettings: strict),
        tests("RecordsTests", ["PlainTwins", "Records"]),
        tests("FileSystemTests", ["FileSystem", "CSystem", "Records"]),
        tests("CompressionTests", ["Compression", "PlainTwins", "Records"]),
        tests(
            "KeyedHashingTests",
            ["KeyedHashing", "FileSystem", "Records", "CCrypto", "CSynchronizations"]),
        tests(
            "AnonymizationTests",
            ["Anonymization", "PlainTwins", "Records", "KeyedHashing", "CScanning"]),
        tests(
            "LogFormatsTests",
            ["LogFormats", "Anonymization", "PlainTwins", "Records", "CScanning"]),
        tests(
            "LedgerTests",
            [
                "Ledger", "KeyedHashing", "FileSystem", "Records",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        tests(
            "StatisticsTests",
            [
                "Statistics", "Publication", "Anonymization", "Records", "KeyedHashing",
                "FileSystem",
            ]),
        tests("ReleaseTests", ["LogFormats", "Anonymization", "KeyedHashing", "Records"]),
        tests(
            "PublicationTests",
            [
                "Publication", "Statistics", "Anonymization", "KeyedHashing", "FileSystem",
                "Records",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]),
        tests(
            "PipelinesTests",
            [
                "Pipelines", "Records", "Anonymization", "LogFormats", "Statistics",
                "FileSystem", "KeyedHashing", "Ledger",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            excluding: ["Oracle"]),
        tests(
            "CommandTests",
            [
                "SluiceCommand", "Pipelines", "Anonymization", "Records", "FileSystem",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        tests(
            "EndToEndTests",
            [
                "SluiceCommand", "Pipelines", "FileSystem", "Compression", "KeyedHashing",
                "PlainTwins", "Records", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Yams", package: "Yams"),
            ],
            excluding: ["Postgres"]),
        tests("SluiceKitTests", ["SluiceKit"]),
        tests(
            "CostTests",
            [
                "SluiceCommand", "Pipelines", "Anonymization", "FileSystem", "Compression",
                "Records", "CAllocations", "Workloads",
            ]),
        tests("FuzzingTests", ["FuzzTargets"]),
        tests("MutantsTests", ["Mutants"]),
        .target(name: "CAllocations", path: "Tests/CAllocations"),
        .target(name: "CSynchronizations", path: "Tests/CSynchronizations"),
        tests("SampleLogsTests", ["SampleLogs", "Compression", "Records", "FileSystem"]),
        // Loaded in front of programmes of the system, too, which have no sanitizer's runtime.
        .target(
            name: "FaultInterposer", path: "Tests/FaultInterposer",
            cSettings: [.unsafeFlags(["-fno-sanitize=all"])]),
        .target(
            name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        .target(
            name: "PlainTwins",
            dependencies: [
                "TestSupport", "Records", "LogFormats", "Anonymization", "KeyedHashing",
                "Compression",
            ],
            path: "Tests/PlainTwins", swiftSettings: strict),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "PlainTwins", "TestSupport", "Records", "LogFormats", "Anonymization",
                "KeyedHashing", "Compression", "Statistics", "Ledger", "Pipelines",
            ],
            path: "Tests/Fuzzing/Targets", swiftSettings: strict),
        .target(name: "CFuzzer", path: "Tests/Fuzzing/CFuzzer"),
        .executableTarget(
            name: "FuzzRunner", dependencies: ["FuzzTargets", "CFuzzer", "FileSystem"],
            path: "Tests/Fuzzing/Runner", swiftSettings: strict),
        .executableTarget(
            name: "Mutants", path: "Tests/Mutants", exclude: ["equivalent.txt"],
            swiftSettings: strict),
        .target(
            name: "Workloads", dependencies: ["TestSupport", "Records"], path: "Tests/Workloads",
            swiftSettings: strict),
        .executableTarget(
            name: "Benchmarks", dependencies: ["Workloads", "FileSystem"],
            path: "Tests/Benchmarks", exclude: ["pipelines"], swiftSettings: strict),
    ])
