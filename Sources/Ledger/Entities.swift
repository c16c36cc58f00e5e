public import LibPQ
public import Model

/// Entities as the ledger numbers them.
public struct Entities {
    private let connection: Connection

    /// The entities in the ledger that `connection` reaches.
    public init(on connection: Connection) { self.connection = connection }

    /// Makes sure that each entity has a number and a lock table. Idempotent and safe from several processes.
    public func register(_ names: [EntityName]) throws -> [EntityName: EntityID] {
        let known = try find()
        if names.allSatisfy({ known[$0] != nil }) { return known.filter { names.contains($0.key) } }
        return try connection.transaction {
            try Migrations.lock(on: connection)
            let present = try find()
            for name in names.sorted() where present[name] == nil {
                let result = try connection.query(
                    "INSERT INTO tidegate.entity (name) VALUES ($1) RETURNING id", [.text(name.rawValue)])
                guard let id = result.scalar.flatMap(Int32.init).map(EntityID.init(rawValue:)) else { continue }
                try connection.execute("CREATE TABLE \(id.lockTable) ()")
                try connection.execute(
                    "COMMENT ON TABLE \(id.lockTable) IS \(quotedLiteral("Lock of the entity \(name.rawValue)."))")
            }
            return try find().filter { names.contains($0.key) }
        }
    }

    /// All entities that were ever registered.
    public func find() throws -> [EntityName: EntityID] {
        var found: [EntityName: EntityID] = [:]
        for row in try connection.query("SELECT id, name FROM tidegate.entity").rows {
            guard let id = row[0].flatMap(Int32.init), let name = row[1] else { continue }
            found[EntityName(rawValue: name)] = EntityID(rawValue: id)
        }
        return found
    }

    /// Notes that the entity's table was truncated: what stands below the position is obsolete, in every partition, and so
    /// are halves of key changes from below it. Needs the entity's lock in the mode `change`.
    public func truncate(_ entity: EntityID, at position: SourcePosition) throws(PostgresError) {
        let parameters = [Parameter.int(Int(entity.rawValue)), .text(position.description)]
        try connection.query(
            "UPDATE tidegate.entity SET truncated = $2, version = version + 1 WHERE id = $1", parameters)
        try connection.query(
            """
            DELETE FROM tidegate.moved WHERE entity_id = $1
                AND string_to_array(position, ':')::numeric[] < string_to_array($2, ':')::numeric[]
            """, parameters)
    }

    /// Says to all lanes that what they know of the entity's scopes and chunks is old. Needs the entity's lock.
    func bumpVersion(_ entity: EntityID) throws(PostgresError) {
        try connection.query(
            "UPDATE tidegate.entity SET version = version + 1 WHERE id = $1", [.int(Int(entity.rawValue))])
    }
}
