import LibPQ
public import Model

extension Scopes {
    /// Changes a scope that was loaded, or is being loaded, back to the beginning of its load, and sends partitions to where
    /// they can go on.
    ///
    /// In one transaction, under the entity's lock, so that no event from beyond a gap is applied before lanes know that
    /// rows may be old. Events that are parked for the entity are given up, since the new baseline holds their effect: each
    /// was consumed before, so its transaction is visible in every chunk.
    ///
    /// - Parameter topic: the entity's topic.
    /// - Returns: the scope as it is now, and how many parked events were given up.
    /// - Throws: `LedgerError` of code `wrongState` for a scope that was never started, `busy` while another wave of the
    ///   entity is loading, or a worker loads a chunk of this one.
    public func beginAgain(
        _ entity: EntityID, wave: WaveName, handover: HandoverMode, topic: String, moves: [CheckpointMove]
    ) throws -> (scope: ScopeRecord, givenUp: Int) {
        try changing(entity) {
            let known = try read(entity)
            guard let record = known.scopes[wave], record.state != .pending else {
                throw LedgerError(.wrongState, "wave \(wave) of this entity was never loaded: load it without --again")
            }
            if let other = known.loading, other.wave != wave {
                throw LedgerError(
                    .busy, "wave \(other.wave) of this entity is being loaded; one at a time: finish that load first")
            }
            let id = Parameter.int(Int(entity.rawValue))
            let workers = try connection.query(
                """
                SELECT FROM tidegate.chunk c WHERE entity_id = $1 AND wave = $2 AND state = 'running'
                    AND \(Workers.isAlive("c.worker_id")) LIMIT 1
                """, [id, .text(wave.rawValue)])
            guard workers.rowCount == 0 else {
                throw LedgerError(.busy, "a process is loading wave \(wave) of this entity: stop it first")
            }
            try forget(id, wave)
            try connection.query(
                """
                UPDATE tidegate.scope SET state = 'loading', again = true, origin = 'source', handover = $3,
                    started_at = now(), started_snapshot = NULL, settled_at = NULL, planned_at = NULL,
                    rows_estimated = NULL, seal_snapshot = NULL, seal_lsn = NULL, seal_offsets = NULL, sealed_at = NULL,
                    live_at = NULL
                WHERE entity_id = $1 AND wave = $2
                """, [id, .text(wave.rawValue), .text(handover.rawValue)])
            let givenUp = try connection.query(
                """
                UPDATE tidegate.quarantine SET state = 'discarded', resolved_at = now()
                WHERE entity_id = $1 AND flow = 'forward' AND state IN ('parked', 'retrying')
                    AND (topic = $2 OR topic LIKE 'baseline/%')
                """, [id, .text(topic)]
            ).affectedRows
            try Checkpoints(on: connection).move(moves, flow: .forward)
            for move in moves {
                try Audit(on: connection).record(
                    .offsetsGivenUp, subject: "partition \(move.partition)",
                    detail: [
                        "from": move.from.map(String.init) ?? "the beginning", "to": "\(move.to)",
                        "reason": move.reason,
                    ])
            }
            try audit(.scopeLoadingAgain, entity, wave, ["parked events given up": "\(givenUp)"])
            return (try scope(entity, wave), givenUp)
        }
    }

    /// Forgets what an earlier load of the scope has left.
    private func forget(_ id: Parameter, _ wave: WaveName) throws {
        try connection.query(
            "DELETE FROM tidegate.chunk WHERE entity_id = $1 AND wave = $2", [id, .text(wave.rawValue)])
        try connection.query(
            "UPDATE tidegate.defect_count SET baseline_rows = 0 WHERE entity_id = $1 AND wave = $2",
            [id, .text(wave.rawValue)])
        try connection.query("DELETE FROM tidegate.touched WHERE entity_id = $1", [id])
        try connection.query("DELETE FROM tidegate.reread WHERE entity_id = $1", [id])
    }
}
