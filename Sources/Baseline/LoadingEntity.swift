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
    /// Whether it is loaded anew: its chunks hold the rows of every started scope, and rows that are gone from the source are
    /// removed after the last of them.
    let isAgain: Bool

    var entity: CompiledEntity { sql.entity }
    var name: EntityName { sql.entity.name }
    var id: EntityID { sql.id }
    var wave: WaveName { sql.scope.wave }
}
