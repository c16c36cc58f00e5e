// swift-tools-version: 6.2

import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]
let wrapping = strict + [.strictMemorySafety()]
// Checked at run time in debug builds, which the tests are; in the row path the checks took an eighth of a lane's time.
let rowPath: [SwiftSetting] = [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

let package = Package(
    name: "tidegate",
    products: [
        .executable(name: "tidegate", targets: ["tidegate"]),
        .library(name: "Sandbox", targets: ["Sandbox"]),
        .library(name: "ChangeEvents", targets: ["ChangeEvents", "Model"]),
        // Preloaded by ops/chaos into the processes whose clock it changes.
        .library(name: "FakeClock", type: .dynamic, targets: ["FakeClock"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // The C libraries.
        .systemLibrary(
            name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(
            name: "CRDKafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"])]),
        .systemLibrary(
            name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .target(
            name: "CSimdJSON",
            cxxSettings: [.treatAllWarnings(as: .error)],
            linkerSettings: [.linkedLibrary("simdjson")]),

        // Their wrappers: they know nothing of the domain.
        .target(name: "LibPQ", dependencies: ["CLibPQ"], swiftSettings: wrapping),
        .target(name: "RDKafka", dependencies: ["CRDKafka"], swiftSettings: wrapping),

        // Values and pure decisions.
        .target(name: "Model", swiftSettings: strict),
        .target(name: "ChangeEvents", dependencies: ["Model", "CSimdJSON"], swiftSettings: wrapping + rowPath),
        .target(name: "Vault", dependencies: ["CCurl", "Model"], swiftSettings: wrapping),
        .target(
            name: "Playbook",
            dependencies: ["Model", "ChangeEvents", "LibPQ", "Vault", .product(name: "Yams", package: "Yams")],
            resources: [.embedInCode("Catalog/SQL")],
            swiftSettings: strict),
        .target(
            name: "Ledger", dependencies: ["Model", "LibPQ", "Playbook"],
            resources: [.embedInCode("Migrations")], swiftSettings: strict),
        .target(
            name: "Capture",
            dependencies: [
                "Model", "ChangeEvents", "LibPQ", "RDKafka", .product(name: "Logging", package: "swift-log"),
            ],
            resources: [.embedInCode("SQL")], swiftSettings: strict),
        .target(
            name: "Sync",
            dependencies: [
                "Model", "ChangeEvents", "Playbook", "Ledger", "LibPQ", "RDKafka",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict + rowPath),
        .target(
            name: "Throttling",
            dependencies: ["Model", "Ledger", "LibPQ", .product(name: "Logging", package: "swift-log")],
            swiftSettings: strict),
        .target(
            name: "Baseline",
            dependencies: [
                "Model", "ChangeEvents", "Playbook", "Ledger", "LibPQ", "Sync", "Throttling",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .target(
            name: "Verification",
            dependencies: ["Model", "ChangeEvents", "Playbook", "Ledger", "LibPQ", "Sync", "Baseline"],
            swiftSettings: strict),
        .target(
            name: "Planning", dependencies: ["Model", "ChangeEvents", "Playbook", "Ledger", "LibPQ"],
            resources: [.embedInCode("Dependents/SQL")], swiftSettings: strict),
        .target(
            name: "Profiling", dependencies: ["Model", "ChangeEvents", "Playbook", "Ledger", "LibPQ"],
            swiftSettings: strict),
        .target(
            name: "Waves",
            dependencies: [
                "Model", "Playbook", "Ledger", "LibPQ", "Baseline", "Verification",
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            resources: [.embedInCode("SQL")], swiftSettings: strict),
        .executableTarget(
            name: "tidegate",
            dependencies: [
                "Model", "ChangeEvents", "Playbook", "Ledger", "Capture", "Sync", "Throttling", "Baseline",
                "Verification", "Planning", "Profiling", "Waves",
                "LibPQ", "RDKafka", "Sandbox", "Demo",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),

        // Throwaway servers, for the demo and the tests, and the demo itself.
        .target(name: "Sandbox", dependencies: ["LibPQ", "RDKafka"], swiftSettings: strict),
        .target(
            name: "Demo", dependencies: ["LibPQ", "RDKafka", "Sandbox"], resources: [.embedInCode("Resources")],
            swiftSettings: strict),

        // Tests. TestSupport starts the real servers.
        .target(
            name: "TestSupport", dependencies: ["LibPQ", "RDKafka", "Sandbox"], path: "Tests/TestSupport",
            resources: [.embedInCode("Secured/kafka_gateway.py"), .embedInCode("Secured/vault_server.py")],
            swiftSettings: strict),
        .target(
            name: "StreamSupport",
            dependencies: [
                "Baseline", "Sync", "Capture", "Playbook", "Ledger", "LibPQ", "Model", "RDKafka", "Sandbox",
                "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/StreamSupport", swiftSettings: strict),
        // The fault harness: ops/chaos.
        .target(name: "FakeClock", path: "Tests/FakeClock", cSettings: [.treatAllWarnings(as: .error)]),
        .target(
            name: "Chaos", dependencies: ["Demo", "LibPQ", "RDKafka", "Sandbox", "TestSupport"], path: "Tests/Chaos",
            swiftSettings: strict),
        .executableTarget(
            name: "tidegate-chaos",
            dependencies: ["Chaos", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "Tests/tidegate-chaos", swiftSettings: strict),
        .testTarget(
            name: "ChaosTests", dependencies: ["Chaos", "TestSupport", "tidegate", "tidegate-chaos"],
            swiftSettings: strict),
        .testTarget(name: "LibPQTests", dependencies: ["LibPQ", "Sandbox", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "RDKafkaTests", dependencies: ["RDKafka", "Sandbox", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "VaultTests", dependencies: ["Vault", "Model", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "ModelTests", dependencies: ["Model"], swiftSettings: strict),
        .testTarget(
            name: "ChangeEventsTests", dependencies: ["ChangeEvents", "Model", "LibPQ", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "PlaybookTests", dependencies: ["Playbook", "Model", "ChangeEvents", "LibPQ", "TestSupport"],
            swiftSettings: strict),
        .testTarget(name: "LedgerTests", dependencies: ["Ledger", "LibPQ", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "CaptureTests",
            dependencies: [
                "Capture", "Sync", "Playbook", "Ledger", "ChangeEvents", "LibPQ", "Model", "RDKafka", "Sandbox",
                "TestSupport", .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SyncTests",
            dependencies: [
                "Sync", "Capture", "ChangeEvents", "Model", "Playbook", "Ledger", "LibPQ", "RDKafka", "TestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ThrottlingTests",
            dependencies: [
                "Throttling", "Model", "Ledger", "LibPQ", "Sandbox", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "BaselineTests",
            dependencies: [
                "Baseline", "Throttling", "Sync", "Capture", "Playbook", "Ledger", "LibPQ", "RDKafka", "StreamSupport",
                "TestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "WavesTests",
            dependencies: [
                "Waves", "Verification", "Baseline", "Playbook", "Ledger", "LibPQ", "Model", "StreamSupport",
                "TestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "VerificationTests",
            dependencies: [
                "Verification", "Baseline", "Sync", "Playbook", "Ledger", "LibPQ", "Model", "Sandbox", "StreamSupport",
                "TestSupport",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "PlanningTests",
            dependencies: ["Planning", "Playbook", "Ledger", "Model", "LibPQ", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "ProfilingTests",
            dependencies: ["Profiling", "Playbook", "Ledger", "Model", "LibPQ", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "DemoTests", dependencies: ["Demo", "LibPQ", "Playbook", "Sandbox", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["Ledger", "Model", "LibPQ", "RDKafka", "Sandbox", "TestSupport"],
            swiftSettings: strict),
    ],
    cxxLanguageStandard: .cxx17
)
