import Foundation

/// How much changed input a test tries, and from which seed: little in the usual run, as much as `ops/fuzz` says in its own.
public struct FuzzPlan: Sendable {
    /// What the changes are drawn from: `TIDEGATE_FUZZ_SEED`, 7 otherwise.
    public let seed: UInt64
    /// How many inputs.
    public let inputs: Int

    /// A test's part of `TIDEGATE_FUZZ_INPUTS`, or of 40,000.
    ///
    /// - Parameter share: of all inputs of all fuzz tests, 0 to 1.
    public init(share: Double) {
        let environment = ProcessInfo.processInfo.environment
        seed = environment["TIDEGATE_FUZZ_SEED"].flatMap(UInt64.init) ?? 7
        let all = environment["TIDEGATE_FUZZ_INPUTS"].flatMap(Int.init) ?? 40_000
        inputs = Int((Double(all) * share).rounded(.up))
    }

    /// Tries the inputs one after the other.
    ///
    /// - Parameter body: takes an input's number and tells whether it was accepted. What it does must take less than ten
    ///   seconds: more is a hang.
    /// - Returns: how many were accepted and how many refused.
    /// - Throws: what `body` throws, or the number of an input that hangs.
    public func run(_ name: String, _ body: (Int) throws -> Bool) throws -> (accepted: Int, refused: Int) {
        var accepted = 0
        var slowest = Duration.zero
        let begin = ContinuousClock.now
        for number in 0..<inputs {
            let start = ContinuousClock.now
            if try body(number) { accepted += 1 }
            let took = ContinuousClock.now - start
            slowest = max(slowest, took)
            guard took < .seconds(10) else {
                throw Unexpected(description: "input \(number) of \(name) took \(took) (TIDEGATE_FUZZ_SEED=\(seed))")
            }
        }
        print(
            "\(name): \(inputs) inputs from seed \(seed), \(accepted) accepted, \(inputs - accepted) refused, "
                + "slowest \(slowest), \(ContinuousClock.now - begin) in all")
        return (accepted, inputs - accepted)
    }
}
