import LibPQ
import Model

extension PlaybookCompiler {
    /// Whether the roles may see how far replicas are behind: a load that cannot see it pauses.
    func checkReplicas() throws(PostgresError) {
        try checkReplicas(of: target, "target", at: playbook.target.location, .targetReplicaLag)
        if let source { try checkReplicas(of: source, "source", at: playbook.source.location, .sourceReplicaLag) }
    }

    private func checkReplicas(
        of connection: Connection, _ side: String, at place: FileLocation, _ factor: LimitingFactor
    ) throws(PostgresError) {
        guard playbook.limits.throttle.limits[factor] != nil else { return }
        let hidden = try connection.query(
            """
            SELECT quote_ident(current_user) FROM pg_stat_replication r
            WHERE r.state IS NULL AND NOT EXISTS (
                SELECT FROM pg_replication_slots s WHERE s.active_pid = r.pid AND s.slot_type = 'logical') LIMIT 1
            """)
        guard let role = hidden.scalar else { return }
        warn(
            .roleRights, at: place,
            "the \(side) has a replica, and the role \(role) may not see how far it is behind: loads would pause",
            expected: "a role that may read statistics",
            advice: "GRANT pg_monitor TO \(role), or limits: { throttle: { \(factor.rawValue): off } }")
    }
}
