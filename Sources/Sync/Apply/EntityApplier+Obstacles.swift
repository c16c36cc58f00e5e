internal import Ledger
internal import LibPQ
internal import Model
internal import Playbook

/// What stands in the way of images: unique values of other rows, in the batch or not, and rows that are not there.
extension EntityApplier {
    /// The images that a rejection is about, as far as one statement can tell: to find each by trying would take for ever
    /// where they are many, or where halves of them would each be taken.
    func culprits(of rejection: any Error, _ images: [Int32], of batch: EntityBatch) throws -> [Int32: any Error] {
        guard let error = rejection as? PostgresError else { return [:] }
        switch error.sqlState {
        case SQLState.uniqueViolation: return try clashes(images, of: batch)
        case SQLState.foreignKeyViolation: return try orphans(images, of: batch)
        case let state? where state.classCode == "21" && images.count > 1:
            let sharing = try imagesSharingKeys(images, of: batch)
            return Dictionary(sharing.map { ($0, error) }) { first, _ in first }
        default: return [:]
        }
    }

    /// Takes the rows whose unique values the staged images change out of each other's way, if that has no effect but this.
    func untangle() throws {
        let unique = try Set(UniqueIndex.find(of: entity, on: connection).flatMap(\.columns))
        guard !unique.isEmpty, let sql = statements.untangle(groups, unique: unique), try mayTakeRowsOut() else {
            return
        }
        try flush()
        try connection.execute(sql)
    }

    /// Whether a row may be taken out and put back within one statement without anybody noticing: no foreign key acts on
    /// it, and no trigger but the guard's, which lets this session through.
    private func mayTakeRowsOut() throws -> Bool {
        let found = try connection.query(
            """
            SELECT NOT EXISTS (SELECT FROM pg_trigger g JOIN pg_proc p ON p.oid = g.tgfoid
                    WHERE g.tgrelid = $1::regclass AND NOT g.tgisinternal AND g.tgtype & 12 <> 0
                        AND g.tgenabled = ANY (CASE WHEN $2 THEN '{A,R}' ELSE '{A,O}' END::"char"[])
                        AND p.pronamespace IS DISTINCT FROM to_regnamespace('tidegate'))
                AND ($2 OR NOT EXISTS (SELECT FROM pg_constraint
                    WHERE contype = 'f' AND confrelid = $1::regclass AND confdeltype IN ('c', 'n', 'd', 'r')))
            """, [.text(entity.target.quoted), .bool(session.isReplica)])
        return found.scalar == "t"
    }

    /// Which of some images of a batch want a unique value that another row keeps, and which one that is, by the images.
    private func clashes(_ images: [Int32], of batch: EntityBatch) throws -> [Int32: Clash] {
        try stageAlone(images, of: batch)
        var found: [Int32: Clash] = [:]
        // The images are compared with each other.
        try connection.execute("SET LOCAL enable_hashjoin = on")
        for index in try UniqueIndex.find(of: entity, on: connection) where index.isPlain {
            guard let sql = statements.clashes(groups, columns: index.columns) else { continue }
            for row in try connection.query(sql).rows {
                guard let image = row[0].flatMap({ Int32($0) }), let holder = PostgresArray.key(row[1]) else {
                    continue
                }
                found[image] = found[image] ?? Clash(table: "\(entity.target)", index: index.name, holder: holder)
            }
        }
        try connection.execute("SET LOCAL enable_hashjoin = off")
        try clearStage()
        return found
    }

    /// Which of some images of a batch point at rows that are not there and that none of them makes.
    private func orphans(_ images: [Int32], of batch: EntityBatch) throws -> [Int32: MissingParent] {
        try stageAlone(images, of: batch)
        let search = MissingParents(entity, on: connection, present: entity.allColumns, mask: 0)
        let found = try search.find(countingStage: true).map { orphan in
            (
                Int32(orphan.row),
                MissingParent(parent: "\(orphan.parent)", constraint: orphan.constraint, key: orphan.key)
            )
        }
        try clearStage()
        return Dictionary(found) { first, _ in first }
    }

    /// Puts images into the stage without taking anything out.
    func stageAlone(_ images: [Int32], of batch: EntityBatch) throws {
        buffer.removeAll()
        staged = batch.stage(images, replacingFresh: false, into: buffer)
        try copy(statements.copyIntoStage)
    }

    private var groups: [EntityStatements.ImageGroup] {
        staged.masks.sorted().flatMap { mask in
            ownership.rights(of: entity).map { rights in
                EntityStatements.ImageGroup(mask: mask, present: plans[Int(mask)].present, rights: rights)
            }
        }
    }
}

/// A unique value that a row is to have, and that another one keeps.
struct Clash: Error, CustomStringConvertible {
    let table: String
    let index: String
    /// The target key of the other row.
    let holder: [String]

    var description: String {
        "another row of \(table) has its value in the unique index \(index); the quarantine names the row by its key"
    }
}
