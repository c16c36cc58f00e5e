import Model
import Testing

@Suite struct HandoverSealTests {
    private let seal = Seal(snapshot: nil, position: LSN(rawValue: 1000))

    private func progress(_ next: Int64?, _ position: SourcePosition?) -> PartitionProgress {
        PartitionProgress(
            partition: TopicPartition(topic: "t", partition: 0), nextOffset: next, position: position)
    }

    @Test func anEventAfterALaterCommitIsPastTheSeal() {
        #expect(progress(5, SourcePosition(major: 1000, minor: 1010)).isPast(seal, bound: nil))
        // The transaction before it committed earlier: others of before the seal may still follow.
        #expect(!progress(5, SourcePosition(major: 999, minor: 1010)).isPast(seal, bound: nil))
    }

    @Test func anIdlePartitionIsPastWhenItsLogEndIsReached() {
        let bound = PartitionProgress.Bound(low: 3, end: 9)
        #expect(progress(9, nil).isPast(seal, bound: bound))
        #expect(!progress(8, nil).isPast(seal, bound: bound))
        #expect(!progress(nil, nil).isPast(seal, bound: bound))
        #expect(progress(nil, nil).isPast(seal, bound: PartitionProgress.Bound(low: 9, end: 9)))
        #expect(!progress(9, nil).isPast(seal, bound: nil))
    }
}
