import LibPQ
import TestSupport

/// One transaction of the write load.
enum WriteAction: CaseIterable {
    case insert, insertMany, copy, update, updateDocument, updateMany, delete, deleteItem
    case changeKey, changeItemKey, several, again, rolledBack

    private var weight: Int {
        switch self {
        case .update: 30
        case .insert, .updateMany: 12
        case .updateDocument, .several: 8
        case .delete, .deleteItem, .changeKey, .changeItemKey, .again: 5
        case .insertMany, .copy, .rolledBack: 2
        }
    }

    static func random(using generator: inout SeededGenerator) -> WriteAction {
        var left = Int.random(in: 0..<allCases.reduce(0) { $0 + $1.weight }, using: &generator)
        for action in allCases {
            left -= action.weight
            if left < 0 { return action }
        }
        return .update
    }

    /// Fills the source with accounts and items to begin with.
    static func fill(_ connection: Connection, accounts: Int) throws {
        try connection.execute(
            """
            CREATE SEQUENCE IF NOT EXISTS account_ids START \(accounts + 1);
            INSERT INTO accounts SELECT n, CASE WHEN n % 3 = 0 THEN 'EU' ELSE 'US' END, n * 0.01, 'note ' || n,
                CASE WHEN n % 20 = 0 THEN repeat(md5(n::text), 90) END, jsonb_build_object('n', n)
            FROM generate_series(1, \(accounts)) n;
            INSERT INTO items SELECT n, l, 'item ' || l, l, decode(md5(n::text), 'hex')
            FROM generate_series(1, \(accounts)) n, generate_series(1, 2) l;
            ANALYZE accounts, items
            """)
    }

    /// Prepares a source that begins empty.
    static func prepareEmpty(_ connection: Connection) throws {
        try connection.execute("CREATE SEQUENCE account_ids")
    }

    func run(on connection: Connection, _ generator: inout SeededGenerator) throws {
        let place = Int.random(in: 0..<1_000_000, using: &generator)
        // A living account near a random place, whatever has been deleted and renamed meanwhile.
        let one = """
            (SELECT id FROM accounts WHERE id >= (SELECT \(place) % max(id) FROM accounts) ORDER BY id LIMIT 1)
            """
        let region = place % 2 == 0 ? "EU" : "US"
        let insert = """
            WITH a AS (
                INSERT INTO accounts (id, region, balance, note, document, data)
                VALUES (nextval('account_ids'), '\(region)', \(place) * 0.01, 'new \(place)',
                    CASE WHEN \(place) % 5 = 0 THEN repeat(md5('\(place)'), 90) END, '{"new": \(place)}') RETURNING id
            )
            INSERT INTO items SELECT id, n, 'item ' || n, n, NULL FROM a, generate_series(1, \(place % 4)) n
            """
        switch self {
        case .insert: try connection.execute(insert)
        case .insertMany:
            try connection.execute(
                """
                INSERT INTO accounts (id, region, balance)
                SELECT nextval('account_ids'), '\(region)', n FROM generate_series(1, 40) n
                """)
        case .copy: try copy(connection, place)
        case .update:
            // The document, if there is one, stays where it is: the event has a placeholder for it.
            try connection.execute(
                "UPDATE accounts SET balance = balance + 1, updated = clock_timestamp() WHERE id = \(one)")
        case .updateDocument:
            try connection.execute(
                """
                UPDATE accounts SET note = 'with document', data = NULL, document =
                    CASE WHEN \(place) % 4 = 0 THEN NULL ELSE repeat(md5('\(place) b'), 80) END WHERE id = \(one)
                """)
        case .updateMany:
            try connection.execute(
                """
                UPDATE items SET quantity = quantity + 1 WHERE account_id >= \(one) AND account_id < \(one) + 8;
                UPDATE accounts SET region = CASE region WHEN 'EU' THEN 'US' ELSE 'EU' END WHERE id = \(one)
                """)
        case .delete: try connection.execute("DELETE FROM accounts WHERE id = \(one)")
        case .deleteItem: try connection.execute("DELETE FROM items WHERE account_id = \(one) AND line % 2 = 0")
        case .changeKey:
            try connection.execute("UPDATE accounts SET id = nextval('account_ids') WHERE id = \(one)")
        case .changeItemKey:
            try connection.execute("UPDATE items SET line = line + 100 WHERE account_id = \(one)")
        case .several:
            try connection.execute("BEGIN")
            try connection.execute(insert)
            try connection.execute("UPDATE accounts SET note = NULL WHERE id = \(one)")
            try connection.execute("UPDATE accounts SET balance = -balance WHERE id = currval('account_ids')")
            try connection.execute("DELETE FROM items WHERE account_id = \(one)")
            try connection.execute("COMMIT")
        case .again:
            // The same key dies and lives within one transaction.
            try connection.execute(
                """
                BEGIN;
                CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT * FROM accounts WHERE id = \(one);
                DELETE FROM accounts WHERE id IN (SELECT id FROM kept);
                INSERT INTO accounts SELECT * FROM kept;
                INSERT INTO items SELECT id, 1, 'again', \(place), NULL FROM kept;
                COMMIT
                """)
        case .rolledBack:
            try connection.execute("BEGIN; \(insert); UPDATE accounts SET balance = 0 WHERE id = \(one); ROLLBACK")
        }
    }

    private func copy(_ connection: Connection, _ place: Int) throws {
        let first =
            Int(try connection.execute("SELECT setval('account_ids', nextval('account_ids') + 30)").scalar ?? "") ?? 0
        try connection.copyIn("COPY accounts (id, region, balance, note) FROM STDIN") { writer in
            for offset in 0..<30 {
                try writer.write(Array("\(first - offset)\t\(offset % 2 == 0 ? "EU" : "US")\t\(place)\tcopied\n".utf8))
            }
        }
    }
}
