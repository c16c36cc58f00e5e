import Dispatch
import Model
import Synchronization
import Testing

@Suite struct HandoverScheduleTests {
    /// Runs schedules on all processors and returns the seeds of those that diverge.
    private func diverging(_ count: Int) -> [UInt64] {
        let found = Mutex<[UInt64]>([])
        let parts = 8
        DispatchQueue.concurrentPerform(iterations: parts) { part in
            for seed in stride(from: part, to: count, by: parts) {
                var schedule = HandoverSchedule(seed: UInt64(seed))
                if !schedule.converges() { found.withLock { $0.append(UInt64(seed)) } }
            }
        }
        return found.withLock { $0.sorted() }
    }

    @Test func hundredThousandSchedulesDoNotDiverge() {
        let seeds = diverging(100_000)
        #expect(seeds.isEmpty, "\(seeds.count) schedules diverged, such as \(seeds.prefix(3))")
    }

    @Test(arguments: BrokenRule.allCases) func aBrokenRuleIsNoticed(_ rule: BrokenRule) {
        // The rarest needs several thousand.
        let limit = 100_000
        let seed = (0..<limit).first { seed in
            var schedule = HandoverSchedule(seed: UInt64(seed), broken: rule)
            return !schedule.converges()
        }
        #expect(seed != nil, "\(limit) schedules do not notice that a rule is broken")
    }
}
