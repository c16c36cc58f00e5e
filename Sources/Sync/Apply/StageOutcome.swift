internal import Ledger

/// What staging images came to, beyond what is in the stage now.
struct StageOutcome {
    /// Images that were taken out.
    var skipped: [SkippedImages] = []
    /// Images and deletes that were taken out to be quarantined, and why.
    var refused: [(image: Int, error: any Error)] = []
    /// What is not written because the target owns it, by field.
    var suppressed: [String: SuppressedCount] = [:]

    /// Events that changed what the other side owns.
    var violations: [Violation] = []
    /// Known defects of the images.
    var defects: [FoundDefect: Int] = [:]

    /// Counts writes of a field as not made.
    mutating func suppress(_ field: String, _ writes: Int) {
        if writes > 0 { suppressed[field, default: SuppressedCount()].writes += writes }
    }
}
