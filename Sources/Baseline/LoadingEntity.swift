import Ledger
import Model
import Playbook

/// An entity of the wave that is being loaded, with what the ledger says of it.
struct LoadingEntity: Sendable {
    let sql: EntitySQL
    let handover: HandoverMode
    let origin: BaselineOrigin
    /// Whether no other scope of the entity had started when this one did.
    let isFirst: Bool

    var entity: CompiledEntity { sql.entity }
    var name: EntityName { sql.entity.name }
    var id: EntityID { sql.id }
    var wave: WaveName { sql.scope.wave }
}
