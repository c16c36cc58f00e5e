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
