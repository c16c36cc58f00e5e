// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "tidegate-benchmarks",
    dependencies: [.package(name: "tidegate", path: "..")],
    targets: [
        .executableTarget(
            name: "DecodeBenchmark", dependencies: [.product(name: "ChangeEvents", package: "tidegate")],
            swiftSettings: [.swiftLanguageMode(.v6)])
    ],
    cxxLanguageStandard: .cxx17
)
