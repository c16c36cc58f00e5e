public import Model

/// An entity's scopes as of one version: what a lane or a merge needs to know, valid while the version stands.
public struct EntityScopes: Sendable {
    public let entity: EntityID
    /// Compare with what `Scopes.version` returns under the entity's lock; read again when it has moved.
    public let version: Int64
    /// Where the table was last truncated: no event from below is applied any more. nil: never.
    public let truncated: SourcePosition?
    /// All scopes that were ever started, by wave.
    public let scopes: [WaveName: ScopeRecord]
    /// The ranges already merged of the scope that is loading, when its hand-over is by snapshot; otherwise none.
    public let merged: [MergedRange]
    /// First keys of the ranges, but the first, by which a verification is told what has changed; nil when none is.
    public let watched: [[String]]?

    /// The scope that is loading, if one is.
    public var loading: ScopeRecord? { scopes.values.first { $0.state == .loading } }
    /// Waves whose rows are applied: loading or live.
    public var started: [WaveName] { scopes.values.filter { $0.state != .pending }.map(\.wave).sorted() }

    /// The state of a wave's scope.
    public func state(of wave: WaveName) -> ScopeState { scopes[wave]?.state ?? .pending }
}
