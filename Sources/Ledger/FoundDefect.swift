public import Model

/// Where a known defect was found, and what was done about it: what is counted together.
public struct FoundDefect: Hashable, Sendable, Comparable {
    /// What is done with a row that has a known defect.
    public enum Action: String, Sendable {
        /// Values of it are corrected.
        case set
        /// It is set aside.
        case quarantine
    }

    /// The defect's name in the playbook.
    public let defect: String
    /// The wave whose scope holds the row; nil when none does that has started.
    public let wave: WaveName?
    public let action: Action

    /// A defect that was found.
    public init(_ defect: String, wave: WaveName?, action: Action) {
        self.defect = defect
        self.wave = wave
        self.action = action
    }

    public static func < (left: FoundDefect, right: FoundDefect) -> Bool {
        (left.defect, left.wave?.rawValue ?? "", left.action.rawValue)
            < (right.defect, right.wave?.rawValue ?? "", right.action.rawValue)
    }
}
