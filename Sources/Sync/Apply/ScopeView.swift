internal import Ledger
internal import Model
internal import Playbook

/// What a lane knows of an entity's scopes, as of the entity version it last saw under the lock.
struct ScopeView {
    /// The entity version that this was read at; nil before the first time.
    private(set) var version: Int64?
    /// Where the table was last truncated: no event from below is applied any more.
    private(set) var truncated: SourcePosition?
    /// The scope that is being loaded, of which there is at most one.
    private(set) var loading: ScopeRecord?
    /// The scopes that a row must be in to be applied when it is not in the target yet; nil when any row may.
    private(set) var limiting: [CompiledScope]? = []
    /// The scopes that have started, in the playbook's order.
    private(set) var started: [CompiledScope] = []
    /// First keys of the ranges that a verification watches, but the first; nil when none does.
    private(set) var watched: [[String]]?

    /// Nothing is known: nothing has started.
    init() {}

    /// What the ledger holds, read under the lock.
    init(_ scopes: EntityScopes, of entity: CompiledEntity) {
        version = scopes.version
        truncated = scopes.truncated
        loading = scopes.loading
        started = entity.scopes.filter { scopes.started.contains($0.wave) }
        watched = scopes.watched
        // Waves are about what comes from the source; what the target owns goes back from wherever it is.
        limiting = entity.flow == .reverse || started.contains(where: \.isAll) ? nil : started
    }

    /// Whether nothing of the entity has started: its changes are skipped.
    var isPending: Bool { limiting?.isEmpty ?? false }
}
