import Model

/// A rule of the hand-over left out, to see that the schedules notice.
enum BrokenRule: CaseIterable {
    /// Chunks are read without waiting for the transactions in progress at the change to loading.
    case noWaitAtTheFlip
    /// Only those transactions are waited for that a snapshot lists.
    case waitForListedOnly
    /// An event is taken to be in a chunk when it lies before the log position at which the chunk was read.
    case logPositionForSnapshot
    /// Deletes are not remembered as touched.
    case deletesNotTouched
    /// Rows outside all started scopes are not remembered as touched.
    case outsiderNotTouched
    /// An event of a row that has left the scope is skipped although the target has the row.
    case leaversSkipped
    /// A merge does not look at touched keys.
    case mergeIgnoresTouched
    /// A merge leaves rows that are no longer on the source.
    case mergeDeletesNothing
    /// Events are skipped by snapshot although chunks do not hold the rows of other scopes.
    case snapshotBesideOtherScopes
    /// A row is read from the source before the event's transaction is visible there.
    case readTooEarly
    /// The scope goes live before the stream has passed the seal.
    case sealTooEarly
    /// A retried chunk goes on with the rows of its first attempt.
    case retryKeepsOldRows
}

/// One random order of things: a source with transactions whose commits are streamed before they are visible, a stream
/// that may deliver again what it delivered, a lane, and a loader that crashes and takes two waves one after the
/// other, the rows moving in and out of their scopes.
struct HandoverSchedule {
    static let keys = 4
    static let ranges = 2

    struct Row: Equatable {
        var value: Int32
        /// 0: in no wave; 1 and 2: in that wave.
        var scope: UInt8
        /// A large column, which events leave out when it did not change.
        var large: Int32
    }

    enum Phase { case running, streamed, visible }

    struct Transaction {
        let id: UInt64
        var phase = Phase.running
        var writes: [(key: Int, row: Row?, hasLarge: Bool)] = []
    }

    struct Event {
        let transaction: UInt64
        let key: Int
        let row: Row?
        let isWhole: Bool
        let version: Int32
    }

    struct ReadChunk {
        var snapshot: TransactionSnapshot
        var logPosition: Int
        var rows: [Row?]
    }

    enum LoaderStep { case pending, settling, loading, sealed, done }

    var random: SplitMix64
    let broken: BrokenRule?
    // The source.
    var nextTransaction: UInt64 = 100
    var transactions: [Transaction] = []
    var toBegin: Int
    var visible: [Row?] = Array(repeating: nil, count: keys)
    var lockedBy: [UInt64?] = Array(repeating: nil, count: keys)
    var log: [Event] = []
    var nextValue: Int32 = 1
    // The target.
    var target: [Row?] = Array(repeating: nil, count: keys)
    var touched: [UInt64??] = Array(repeating: nil, count: keys)
    var versions: [Int32] = Array(repeating: 0, count: keys)
    var consumed = 0
    var replaysLeft: Int
    var mayGoBack: Bool
    var wentBack = false
    // The loader.
    var wave: UInt8 = 1
    let secondTakesAll: Bool
    let hasTransactions: Bool
    let keysSortAlike: Bool
    var step = LoaderStep.pending
    var mode = HandoverMode.touched
    var startedWaves: UInt8 = 0
    var waitedFor: [UInt64] = []
    var reading: [ReadChunk?] = Array(repeating: nil, count: ranges)
    var merged: [ReadChunk?] = Array(repeating: nil, count: ranges)
    var firstRows: [[Row?]?] = Array(repeating: nil, count: ranges)
    var losses = 2
    let streamPace: Int
    let loaderPace: Int
    var sealPosition = 0

    init(seed: UInt64, broken: BrokenRule? = nil) {
        random = SplitMix64(state: seed)
        self.broken = broken
        toBegin = 2 + random.below(6)
        replaysLeft = random.below(3) == 0 ? 1 : 0
        secondTakesAll = random.below(2) == 0
        hasTransactions = random.below(5) != 0
        keysSortAlike = random.below(5) != 0
        mayGoBack = replaysLeft > 0
        streamPace = 1 + random.below(3)
        loaderPace = 1 + random.below(3)
        for key in 0..<Self.keys where random.below(3) != 0 { visible[key] = newRow(large: nil) }
    }

    /// Runs to the end.
    ///
    /// - Returns: whether the target is what it has to be, and no row went back in time on the way where none may.
    mutating func converges() -> Bool {
        while act() {}
        for key in 0..<Self.keys {
            guard let row = visible[key] else {
                if target[key] != nil { return false }
                continue
            }
            if let mine = target[key] {
                if mine != row { return false }
            } else if row.scope != 0 || secondTakesAll {
                return false
            }
        }
        return !wentBack
    }

    mutating func newRow(large: Int32?) -> Row {
        nextValue += 1
        return Row(value: nextValue, scope: UInt8(random.below(3)), large: large ?? nextValue)
    }

    /// All transactions in progress, as their locks tell.
    var open: [UInt64] { transactions.filter { $0.phase != .visible }.map(\.id) }

    /// As PostgreSQL takes it: up to the last transaction that has ended, and no further.
    func snapshot() -> TransactionSnapshot {
        let ended = transactions.filter { $0.phase == .visible }.map(\.id).max() ?? 99
        let listed = open.filter { $0 <= ended }
        return TransactionSnapshot(xmin: listed.min() ?? ended + 1, xmax: ended + 1, inProgress: listed)
    }
}

/// A small generator with a seed, so that a failure can be run again.
struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number from 0 up to, not including, `limit`.
    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
}
