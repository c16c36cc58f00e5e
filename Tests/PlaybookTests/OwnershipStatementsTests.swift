import LibPQ
import Model
import Playbook
import TestSupport
import Testing

/// No statement ever writes what the source does not own: random rules and rows against an oracle that knows no SQL.
@Suite struct OwnershipStatementsTests {
    private static let columns = "id int PRIMARY KEY, region text, amount int, flag boolean, a int, b int, c int, d int"
    private static let rowsPerPlaybook = 100
    private static let playbooks = 100

    @Test func noStatementWritesWhatTheSourceDoesNotOwn() throws {
        let seed = UInt64.random(in: 0...9_999_999)
        var generator = SeededGenerator(seed: seed)
        let table = "CREATE TABLE s (\(Self.columns))"
        try ShopSchema.with(source: table, target: table) { source, target in
            var cases = 0
            var number = 0
            while number < Self.playbooks {
                let oracle = OwnershipOracle(
                    defaultOwner: Bool.random(using: &generator) ? .source : .target,
                    rules: (0..<Int.random(in: 0...4, using: &generator)).map { _ in .random(using: &generator) },
                    unseeded: Set((0..<4).filter { _ in Bool.random(using: &generator) }))
                guard let entity = try compile(oracle, source, target)?["s"] else { continue }
                number += 1
                let ownership = EntityOwnership(of: entity, in: OwnershipEpoch())
                cases += try check(entity, ownership, oracle, target, &generator, "seed \(seed), playbook \(number)")
                try checkDeletes(entity, ownership, oracle, target, &generator, "seed \(seed), playbook \(number)")
            }
            #expect(cases == 10_000)
        }
    }

    /// The playbook of the oracle's rules; nil when `check` refuses them, since a rule never decides.
    private func compile(
        _ oracle: OwnershipOracle, _ source: Connection, _ target: Connection
    ) throws -> CompiledPlaybook? {
        let fields = ["a", "b", "c", "d"].enumerated().map { number, name in
            let seed = oracle.unseeded.contains(number) ? ", seed: never" : ""
            return "\(name): { from: \(name)\(seed) }"
        }
        let rules = oracle.rules.map { "    - \($0.yaml)" }.joined(separator: "\n")
        let text = """
            playbook: t
            target: { postgres: x }
            entities:
              s:
                from: s
                into: s
                key: [id]
                fields: { id: id, region: region, amount: amount, flag: flag, \(fields.joined(separator: ", ")) }
            ownership:
              default: \(oracle.defaultOwner.rawValue)
              rules: \(oracle.rules.isEmpty ? "[]" : "\n\(rules)")
            """
        do {
            return try CompiledPlaybook.compile(
                Playbook(parsing: text, file: "t.yaml"), source: source, target: target)
        } catch {
            guard error.findings.contains(where: { $0.rule == .ownershipOverlap }) else { throw error }
            return nil
        }
    }

    /// Stages a row for each key, half of which are in the target, writes them, and compares the target with the oracle.
    private func check(
        _ entity: CompiledEntity, _ ownership: EntityOwnership, _ oracle: OwnershipOracle, _ target: Connection,
        _ generator: inout SeededGenerator, _ what: String
    ) throws -> Int {
        let sql = entity.statements
        let incoming = (0..<Self.rowsPerPlaybook).map { _ in OwnershipRow.random(using: &generator) }
        let stored = incoming.map { _ in
            Bool.random(using: &generator) ? OwnershipRow.random(using: &generator) : nil
        }
        try target.execute("BEGIN; \(sql.createStage); DELETE FROM s")
        for (id, row) in incoming.enumerated() {
            try target.execute("INSERT INTO \(sql.stage) VALUES (\(id), \(row.sql))")
            if let row = stored[id] { try target.execute("INSERT INTO s VALUES (\(id), \(row.sql))") }
        }
        try judge(entity, ownership, target)
        for rights in ownership.rights(of: entity) {
            guard let statement = sql.upsert(present: entity.allColumns, rights: rights) else { continue }
            try target.query(statement, [0])
        }
        var wanted: [String] = []
        for (id, row) in incoming.enumerated() {
            guard let after = oracle.write(row, over: stored[id]) else { continue }
            let head = "\(id)|\(after.row.region ?? "-")|\(after.row.amount.map(String.init) ?? "-")"
            let flag = after.row.flag.map { $0 ? "t" : "f" } ?? "-"
            wanted.append(([head, flag] + after.values.map { $0.map(String.init) ?? "-" }).joined(separator: "|"))
        }
        let found = try target.query("SELECT * FROM s ORDER BY id").rows.map { row in
            (0..<8).map { row[$0] ?? "-" }.joined(separator: "|")
        }
        #expect(found == wanted, "\(what): \(oracle.rules.map(\.yaml)), default \(oracle.defaultOwner)")
        try target.execute("COMMIT")
        return incoming.count
    }

    /// Stages a delete for each row of the target, and compares which of them are not the source's to make.
    private func checkDeletes(
        _ entity: CompiledEntity, _ ownership: EntityOwnership, _ oracle: OwnershipOracle, _ target: Connection,
        _ generator: inout SeededGenerator, _ what: String
    ) throws {
        let sql = entity.statements
        let stored = (0..<20).map { _ in OwnershipRow.random(using: &generator) }
        try target.execute("BEGIN; DELETE FROM s")
        for (id, row) in stored.enumerated() {
            try target.execute("INSERT INTO \(sql.stage) (id, \"_op\") VALUES (\(id), 'd')")
            try target.execute("INSERT INTO s VALUES (\(id), \(row.sql))")
        }
        try judge(entity, ownership, target)
        var foreign: Set<Int> = []
        if let condition = sql.isForeignDelete(ownership) {
            let found = try target.query("SELECT id FROM \(sql.rawStage) WHERE \(condition)")
            foreign = Set(found.rows.compactMap { $0[0].flatMap { Int($0) } })
        }
        #expect(foreign == Set(stored.indices.filter { !oracle.mayDelete(stored[$0]) }), "\(what): deletes")
        try target.execute("COMMIT")
    }

    private func judge(_ entity: CompiledEntity, _ ownership: EntityOwnership, _ target: Connection) throws {
        guard !ownership.predicates.isEmpty else { return }
        try target.query(entity.statements.judgeImages(ownership, present: entity.allColumns), [0])
        try target.query(entity.statements.judgeStored(ownership))
    }
}
