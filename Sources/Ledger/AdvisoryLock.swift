/// The advisory locks that the ledger uses, all of the two-number form with this program's number first.
enum AdvisoryLock {
    /// The letters `tide`: the first number of each lock.
    static let space = 0x7469_6465
    /// Held for the transaction that migrates; workers count from 1.
    static let migration = 0
    /// Held by the session that transfers ownership, until both ledgers agree.
    static let transfer = -1
    /// The first number of the locks that verifications are held by; the second is the verification's.
    static let verification = space + 1
    /// Held by the session that publishes dead letters: of the forward flow, and the reverse one.
    static let deadLetters = (forward: -2, reverse: -3)
}
