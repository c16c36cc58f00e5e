import Testing

@testable import Chaos

@Suite struct ScheduleTests {
    @Test func theSameSeedGivesTheSameRound() {
        for round in 1...5 { #expect(Schedule(seed: 7, round: round) == Schedule(seed: 7, round: round)) }
        #expect(Schedule(seed: 7, round: 1) != Schedule(seed: 8, round: 1))
        #expect(Schedule(seed: 7, round: 1) != Schedule(seed: 7, round: 2))
    }

    @Test func aFewRoundsHaveEveryFault() {
        let rounds = (Fault.allCases.count + Schedule.faultsPerRound - 1) / Schedule.faultsPerRound
        for seed in UInt64(0)..<50 {
            let seen = (1...rounds).flatMap { Schedule(seed: seed, round: $0).steps.map(\.fault) }
            #expect(Set(seen) == Set(Fault.allCases))
        }
    }

    @Test func faultsOfOneSubjectDoNotOverlap() {
        for seed in UInt64(0)..<200 {
            var free: [Fault.Subject: Int] = [:]
            for step in Schedule(seed: seed, round: 1).steps {
                #expect(step.begins >= free[step.fault.subject, default: 0])
                free[step.fault.subject] = step.begins + step.lasts
            }
        }
    }

    @Test func onlyWhatIsAskedForHappens() {
        let steps = Schedule(seed: 3, round: 9, faults: [.killSync, .clock]).steps
        #expect(Set(steps.map(\.fault)) == [.killSync, .clock])
    }
}
