import Foundation

/// The seed of a test's random choices: `TIDEGATE_SEED` when it is set, to see the same choices again.
enum Seed {
    /// A seed; it is printed, so that a failure can be repeated.
    static func make(_ test: String) -> UInt64 {
        let given = ProcessInfo.processInfo.environment["TIDEGATE_SEED"].flatMap(UInt64.init)
        let seed = given ?? UInt64.random(in: 0..<1 << 32)
        print("\(test): TIDEGATE_SEED=\(seed)")
        return seed
    }
}

/// SplitMix64: small, and the same everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
