import Testing

@testable import Capture

@Suite struct AcknowledgementTrackerTests {
    @Test func aCommitIsConfirmableOnlyWhenAllBeforeItIsAcknowledged() {
        let tracker = AcknowledgementTracker()
        let (first, second) = (tracker.produced(), tracker.produced())
        tracker.commit(100)
        let third = tracker.produced()
        tracker.commit(200)
        tracker.commit(300)
        #expect(tracker.position() == (0, false))
        tracker.delivered(third, failure: nil)
        tracker.delivered(first, failure: nil)
        #expect(tracker.position() == (0, false))
        tracker.delivered(second, failure: nil)
        #expect(tracker.position() == (300, true))
    }

    @Test func anOpenTransactionIsNeverConfirmable() {
        let tracker = AcknowledgementTracker()
        tracker.commit(100)
        tracker.delivered(tracker.produced(), failure: nil)
        #expect(tracker.position() == (100, true))
        _ = tracker.produced()
        #expect(tracker.position() == (100, false))
    }

    @Test func aFailureHoldsEverythingAfterIt() {
        struct Refused: Error {}
        let tracker = AcknowledgementTracker()
        tracker.delivered(tracker.produced(), failure: Refused())
        tracker.commit(100)
        tracker.delivered(tracker.produced(), failure: nil)
        tracker.commit(200)
        #expect(tracker.position() == (0, false))
        #expect(tracker.failure is Refused)
    }

    @Test func manyTransactionsAreForgottenAsTheyEnd() {
        let tracker = AcknowledgementTracker()
        for end in 1...100_000 as ClosedRange<UInt64> {
            let number = tracker.produced()
            tracker.commit(end)
            tracker.delivered(number, failure: nil)
            if end % 1000 == 0 { #expect(tracker.position() == (end, true)) }
        }
    }
}
