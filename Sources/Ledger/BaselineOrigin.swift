/// Where a scope's baseline comes from.
public enum BaselineOrigin: String, Sendable, CaseIterable {
    /// Chunks read from the source itself.
    case source
    /// Exported files. The entity's topic is consumed again from its beginning while loading.
    case csv
    /// Snapshot events of the topic, which is consumed again from its beginning while loading.
    case topic
}
