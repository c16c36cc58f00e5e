import LibPQ
import Model
import Playbook
import TestSupport
import Testing

@Suite struct ScopeTests {
    private static let tables = """
        CREATE TABLE regions (code text COLLATE "C" PRIMARY KEY);
        CREATE TABLE customers (id int PRIMARY KEY, region text NOT NULL REFERENCES regions, boss int REFERENCES customers);
        CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, region int);
        CREATE TABLE lines (order_id int REFERENCES orders, no int, PRIMARY KEY (order_id, no));
        """
    private static let rows = """
        INSERT INTO regions VALUES ('EU'), ('US'); INSERT INTO customers VALUES (1, 'EU', NULL), (2, 'US', NULL), (3, 'EU', 1);
        INSERT INTO orders VALUES (10, 1, 0), (20, 2, 0), (30, NULL, 0); INSERT INTO lines VALUES (10, 1), (20, 1);
        """
    private static let playbook = """
        playbook: t
        target: { postgres: x }
        entities:
          lines: { from: lines, into: lines, key: [order_id, no], fields: same }
          orders: { from: orders, into: orders, key: [id], fields: same }
          customers: { from: customers, into: customers, key: [id], fields: same }
          regions: { from: regions, into: regions, key: [code], fields: same }
        waves:
          eu:
            customers: "region = 'EU'"
            orders: via customers on customer_id
            lines: via orders on order_id
          rest: { regions: all, customers: all, orders: all, lines: all }
        """

    private func with(_ body: (CompiledPlaybook, _ source: Connection, _ target: Connection) throws -> Void) throws {
        try ShopSchema.with(source: Self.tables + Self.rows, target: Self.tables) { source, target in
            // The wave eu takes customers before regions: the foreign key is found cut, so the target has none here.
            try target.execute("ALTER TABLE customers DROP CONSTRAINT customers_region_fkey")
            let playbook = try Playbook(parsing: Self.playbook, file: "t.yaml")
            try body(CompiledPlaybook.compile(playbook, source: source, target: target), source, target)
        }
    }

    @Test func sourcePredicatesFollowTheParents() throws {
        try with { compiled, source, _ in
            func keys(_ name: EntityName) throws -> [String?] {
                let entity = try #require(compiled[name])
                let scope = try #require(entity.scope(in: "eu"))
                return try source.query(
                    """
                    SELECT \(entity.statements.sourceKeyText) FROM \(entity.statements.sourceTable)
                    WHERE \(scope.sourcePredicate) ORDER BY 1
                    """
                ).rows.map { $0[0] }
            }
            let found = try [keys("customers"), keys("orders"), keys("lines")]
            #expect(found == [["{1}", "{3}"], ["{10}"], ["{10,1}"]])
            #expect(compiled["regions"]?.scope(in: "eu") == nil)
            #expect(compiled["lines"]?.scope(in: "rest")?.isAll == true)
        }
    }

    @Test func stagePredicatesLookForTheParentInTheTarget() throws {
        try with { compiled, _, target in
            let orders = try #require(compiled["orders"])
            let scope = try #require(orders.scope(in: "eu"))
            #expect(scope.dependencies == ColumnSet([1]))
            try target.execute("INSERT INTO customers VALUES (1, 'EU')")
            try target.execute("BEGIN; \(orders.statements.createStage)")
            try target.execute(
                "INSERT INTO \(orders.statements.stage) (id, customer_id) VALUES (10, 1), (20, 2), (30, NULL)")
            let inside = try target.query(
                "SELECT \"orders\".id FROM \(orders.statements.rawStage) WHERE \(scope.stagePredicate)")
            #expect(inside.rows.map { $0[0] } == ["10"])
            let outside = try target.query(
                "SELECT \"orders\".id FROM \(orders.statements.rawStage) WHERE NOT (\(scope.stagePredicate)) ORDER BY 1"
            )
            #expect(outside.rows.map { $0[0] } == ["20", "30"])
            try target.execute("ROLLBACK")
            let customers = try #require(compiled["customers"]?.scope(in: "eu"))
            #expect(customers.stagePredicate == "(region = 'EU')")
            #expect(customers.dependencies == ColumnSet([1]))
        }
    }

    @Test func parentsComeFirstAndSelfReferencesAreNamed() throws {
        try with { compiled, _, _ in
            #expect(compiled.entities.map(\.name) == ["regions", "customers", "orders", "lines"])
            #expect(compiled.entities.map(\.rank) == [0, 1, 2, 3])
            #expect(compiled["customers"]?.isSelfReferencing == true)
            #expect(compiled["customers"]?.parents == ["regions"])
            #expect(compiled["lines"]?.isSelfReferencing == false)
            #expect(compiled.cycles.isEmpty)
            #expect(compiled["customers"]?.keyOrder == .strong)
        }
    }

    @Test func cyclesAreToleratedAndNamed() throws {
        let tables = """
            CREATE TABLE a (id int PRIMARY KEY, b_id int); CREATE TABLE b (id int PRIMARY KEY, a_id int REFERENCES a);
            ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b; CREATE TABLE c (id int PRIMARY KEY, a_id int REFERENCES a);
            """
        try ShopSchema.with(source: tables, target: tables) { source, target in
            let marked = Marked(
                """
                playbook: t
                target: { postgres: x }
                entities:
                  c: { from: c, into: c, fields: same }
                  ⟦a: { from: a, into: a, fields: same }
                  b: { from: b, into: b, fields: same }
                """)
            let compiled = try CompiledPlaybook.compile(
                Playbook(parsing: marked.text, file: "test.yaml"), source: source, target: target)
            #expect(compiled.cycles == [["a", "b"]])
            #expect(compiled.entities.map(\.name) == ["a", "b", "c"])
            #expect(compiled.entities.map(\.rank) == [0, 0, 1])
            marked.expect(.referenceCycle, .note, in: compiled.findings)
        }
    }

    @Test func textKeysUnderALanguagesCollationAreWeak() throws {
        let table = "CREATE TABLE s (id text COLLATE \"en-x-icu\" PRIMARY KEY)"
        try ShopSchema.with(source: table, target: "CREATE TABLE s (id text COLLATE \"C\" PRIMARY KEY)") {
            source, target in
            let text = "playbook: t\ntarget: { postgres: x }\nentities: { s: { from: s, into: s, fields: same } }"
            let compiled = try CompiledPlaybook.compile(
                Playbook(parsing: text, file: "t"), source: source, target: target)
            #expect(compiled["s"]?.keyOrder == .weak)
        }
    }
}
