public import Model

/// A foreign key that a wave cuts: rows that it takes point at rows that no wave up to it takes.
public struct WaveCut: Hashable, Sendable {
    /// What is known of the rows.
    public enum Extent: Hashable, Sendable {
        /// No wave up to this one takes any row of the parent.
        case untaken
        /// So many rows of the child point at rows outside the parent's scopes; not more than `mostCounted` are counted.
        case rows(Int)
    }

    /// How many rows are counted at most.
    public static let mostCounted = 1000

    public let wave: WaveName
    public let child: EntityName
    public let parent: EntityName
    public let foreignKey: String
    /// Source columns of the child, and those of the parent that they point at, by place.
    public let columns: [String]
    public let parentColumns: [String]
    public let extent: Extent
    /// Where the child's scope stands.
    public let location: FileLocation
}
