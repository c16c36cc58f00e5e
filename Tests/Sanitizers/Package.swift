// swift-tools-version: 6.2

import PackageDescription

// The C wrappers and the decoder with their tests, apart from the rest, so that they are soon built with a sanitizer:
// see ops/sanitize. The folders are links to the real ones; the settings are those of the package itself.

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]
let wrapping = strict + [.strictMemorySafety()]

let package = Package(
    name: "sanitizers",
    targets: [
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq"),
        .systemLibrary(name: "CRDKafka", pkgConfig: "rdkafka"),
        .target(name: "CSimdJSON", linkerSettings: [.linkedLibrary("simdjson")]),
        .target(name: "LibPQ", dependencies: ["CLibPQ"], swiftSettings: wrapping),
        .target(name: "RDKafka", dependencies: ["CRDKafka"], swiftSettings: wrapping),
        .target(name: "Model", swiftSettings: strict),
        .target(name: "ChangeEvents", dependencies: ["Model", "CSimdJSON"], swiftSettings: wrapping),
        .target(name: "Sandbox", dependencies: ["LibPQ", "RDKafka"], swiftSettings: strict),
        .target(
            name: "TestSupport", dependencies: ["LibPQ", "RDKafka", "Sandbox"], path: "Tests/TestSupport",
            resources: [.embedInCode("Secured/kafka_gateway.py"), .embedInCode("Secured/vault_server.py")],
            swiftSettings: strict),
        .testTarget(name: "LibPQTests", dependencies: ["LibPQ", "Sandbox", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "RDKafkaTests", dependencies: ["RDKafka", "Sandbox", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "ChangeEventsTests", dependencies: ["ChangeEvents", "Model", "LibPQ", "TestSupport"],
            swiftSettings: strict),
    ],
    cxxLanguageStandard: .cxx17
)
