import TestSupport

/// What happens in one round, and when: all of it follows from the seed and the round's number.
///
/// Faults are dealt like cards: each one comes once before any comes again, so a few rounds have all of them. How the
/// processes and servers interleave is not drawn, it is what they do: the same round may find different things twice.
public struct Schedule: Sendable, Equatable {
    /// One fault.
    public struct Step: Sendable, Equatable {
        /// What goes wrong.
        public let fault: Fault
        /// Milliseconds after the round's begin.
        public internal(set) var begins: Int
        /// Milliseconds.
        public let lasts: Int
        /// For what else is chosen: which process, which broker, which way.
        public let choice: UInt64

        var ends: Int { begins + lasts }
    }

    /// Faults of a round, at most.
    public static let faultsPerRound = 9

    /// When the loads of the three waves start, if the one before has ended; milliseconds after the round's begin.
    public let loads: [Int]
    /// In the order of their begins.
    public let steps: [Step]
    /// For the writes.
    public let seed: UInt64

    /// The schedule of a round.
    ///
    /// - Parameters:
    ///   - round: its number, from 1.
    ///   - faults: what may happen; must not be empty.
    public init(seed: UInt64, round: Int, faults: [Fault] = Fault.allCases) {
        var generator = SeededGenerator(seed: seed ^ (UInt64(round) << 32))
        let rest = Int.random(in: 2500...5000, using: &generator)
        let loads = [0, Int.random(in: 1000...2000, using: &generator), rest]
        var steps: [Step] = []
        for fault in Self.hand(seed: seed, round: round, faults: faults) {
            let begins =
                fault.subject == .load
                ? (loads.randomElement(using: &generator) ?? 0) + Int.random(in: 100...700, using: &generator)
                : Int.random(in: 300...7000, using: &generator)
            steps.append(
                Step(
                    fault: fault, begins: begins, lasts: .random(in: fault.lasts, using: &generator),
                    choice: generator.next()))
        }
        self.loads = loads
        self.steps = Self.apart(steps)
        self.seed = generator.next()
    }

    /// The faults that a round is dealt.
    private static func hand(seed: UInt64, round: Int, faults: [Fault]) -> [Fault] {
        var generator = SeededGenerator(seed: seed)
        let size = min(faultsPerRound, faults.count)
        var deck: [Fault] = []
        for number in 1... {
            var hand: [Fault] = []
            while hand.count < size {
                if deck.isEmpty { deck = faults.shuffled(using: &generator) }
                guard let next = deck.firstIndex(where: { !hand.contains($0) }) else {
                    deck = []
                    continue
                }
                hand.append(deck.remove(at: next))
            }
            if number == round { return hand }
        }
        return []
    }

    /// Puts off what would overlap with another fault of the same subject.
    private static func apart(_ steps: [Step]) -> [Step] {
        var free: [Fault.Subject: Int] = [:]
        var placed: [Step] = []
        for var step in steps.sorted(by: { $0.begins < $1.begins }) {
            step.begins = max(step.begins, free[step.fault.subject, default: 0])
            free[step.fault.subject] = step.ends + 200
            placed.append(step)
        }
        return placed.sorted { $0.begins < $1.begins }
    }
}
