import LibPQ
import Playbook
import TestSupport
import Testing

/// What `tidegate check` finds against live databases, each with its place in the file.
@Suite struct CheckErrorTests {
    private static let head = """
        playbook: t
        source: { postgres: "${env:S}" }
        target: { postgres: "${env:T}" }
        kafka: { brokers: ["b:9092"], topics: "t.{schema}.{table}" }
        entities:

        """
    private static let orders = "  orders: { from: orders, into: crm.order, key: [id], fields: same }\n"
    private static let customers = """
          customers:
            from: customers
            into: crm.customer
            key: [id]
            fields: { id: id, full_name: first_name, ssn: ssn }

        """

    private func findings(_ text: String, _ source: Connection?, _ target: Connection) throws -> [Finding] {
        do {
            return try PlaybookCheck(Playbook(parsing: text, file: "test.yaml"), source: source, target: target)
                .findings
        } catch {
            guard !error.findings.isEmpty else { throw error }
            return error.findings
        }
    }

    /// Checks marked playbooks, each expected to have a finding at its mark, against one pair of databases.
    private func expect(
        _ cases: [(Rule, Finding.Severity, String, advice: String?)], source sourceSQL: String = ShopSchema.source,
        target targetSQL: String = ShopSchema.target, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try ShopSchema.with(source: sourceSQL, target: targetSQL) { source, target in
            for (rule, severity, text, advice) in cases {
                let marked = Marked(Self.head + text)
                let found = try findings(marked.text, source, target)
                marked.expect(rule, severity, in: found, advice: advice, sourceLocation: sourceLocation)
                #expect(target.transactionStatus == .idle, sourceLocation: sourceLocation)
            }
        }
    }

    @Test func tablesAndColumnsThatDoNotExist() throws {
        try expect([
            (.unknownTable, .error, "  a: { from: ⟦ordes, into: crm.order, fields: same }\n", "public.orders"),
            (.unknownTable, .error, "  a: { from: orders, into: ⟦crm.orders, fields: same }\n", "crm.order"),
            (
                .unknownColumn, .error,
                "  a:\n    from: customers\n    into: crm.customer\n    fields: { id: id, ⟦fullname: email }\n",
                "full_name"
            ),
            (
                .unknownColumn, .error,
                "  a:\n    from: customers\n    into: crm.customer\n    fields:\n      id: id\n"
                    + "      full_name: \"first_name || ⟦lastname\"\n", "last_name"
            ),
            (.unknownColumn, .error, "  a: { from: orders, into: crm.order, key: [⟦idd], fields: same }\n", "\"id\""),
            (
                .unknownColumn, .error,
                Self.customers + "    defects: { d: { where: \"email IS NULL\", set: { ⟦mail: \"''\" } } }\n", "email"
            ),
            (.unknownColumn, .error, Self.customers + "waves: { w: { customers: \"⟦regoin = 'EU'\" } }\n", "region"),
            (
                .unknownColumn, .error,
                Self.customers + Self.orders
                    + "waves: { w: { customers: all, orders: ⟦via customers on customerid } }\n",
                "customer_id"
            ),
            (
                .unknownColumn, .error,
                Self.customers
                    + "ownership: { rules: [ { entity: customers, fields: [⟦fullname], owner: target } ] }\n",
                "full_name"
            ),
        ])
    }

    @Test func whatIsNotInForceYetIsNoted() throws {
        try ShopSchema.with { _, target in
            let marked = Marked(
                """
                playbook: t
                target: { postgres: "${env:T}" }
                kafka: { brokers: ["b:9092"], topics: "t.{schema}.{table}" }
                entities:
                  c: { from: c, into: crm.customer, columns: { id: bigint, full_name: text }, fields: same }
                  o: { from: o, into: crm.order, columns: { id: bigint, customer_id: bigint, status: text },
                       fields: { id: id, customer_id: customer_id, status: "status::crm.status" } }
                waves: { w: { c: all, o: ⟦via c on customer_id } }

                """)
            marked.expect(.notInForce, .note, in: try findings(marked.text, nil, target), advice: "source")
        }
    }

    @Test func expressionsThatDoNotPlan() throws {
        let fields = "  a:\n    from: customers\n    into: crm.customer\n    fields:\n      id: id\n      full_name: "
        try expect([
            (.expression, .error, fields + "first_name ||⟦\n".replacing("||⟦", with: "|| ⟦)"), nil),
            (.expression, .error, fields + "⟦lowr(first_name)\n", nil),
            (.expression, .error, fields + "⟦count(*)::text\n", nil),
            (.expression, .error, fields + "\"first_name)⟦, (last_name\"\n", nil),
            (.expression, .error, fields + "|\n        lower(\n          ⟦upr(first_name))\n", nil),
            (.expression, .error, Self.customers + "waves: { w: { customers: ⟦first_name } }\n", nil),
            (.expression, .error, Self.customers + "    checks: { c: \"full_name > ⟦nothing(1)\" }\n", nil),
            (.expression, .error, Self.customers + "    checks: { c: ⟦full_name }\n", nil),
            (.typeMismatch, .error, fields + "first_name\n      tier_id: ⟦tier\n", "::integer"),
            (.typeMismatch, .error, fields + "first_name\n      credit_limit: ⟦\"first_name || '1'\"\n", "::numeric"),
            (.typeMismatch, .warning, fields + "first_name\n      owner_id: ⟦\"credit_limit * 2\"\n", "round"),
        ])
    }

    @Test func fieldsThatTheTargetCannotTake() throws {
        try expect([
            (
                .requiredColumn, .error, "  a:\n    from: customers\n    into: crm.customer\n    fields: ⟦{ id: id }\n",
                "default"
            ),
            (
                .generatedColumn, .error,
                "  a:\n    from: customers\n    into: crm.customer\n"
                    + "    fields: { id: id, full_name: first_name, ⟦name_length: \"1\" }\n", "remove"
            ),
            (
                .masking, .error,
                "  a:\n    from: customers\n    into: crm.customer\n"
                    + "    fields: { id: id, full_name: first_name, priority: { from: priority, mask: ⟦hmac } }\n"
                    + "masking: { key: \"${env:K}\" }\n", "widen"
            ),
            (
                .masking, .error,
                "  a:\n    from: customers\n    into: crm.customer\n"
                    + "    fields: { id: id, full_name: { from: first_name, mask: ⟦null } }\n", "redact"
            ),
            (
                .masking, .error,
                "  a:\n    from: customers\n    into: crm.customer\n"
                    + "    fields: { id: id, full_name: first_name, tier_id: { from: id, mask: ⟦redact } }\n", "null"
            ),
        ])
    }

    @Test func columnsThatTheSourceGenerates() throws {
        let source = "CREATE TABLE s (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED NOT NULL);"
        try expect(
            [
                (.generatedColumn, .error, "  s: { from: s, into: s, fields: ⟦same }\n", "expression"),
                (.requiredColumn, .error, "  s: { from: s, into: s, fields: ⟦{ id: id } }\n", "add a field"),
                (.unknownColumn, .error, "  s: { from: s, into: s, fields: { id: id, twice: ⟦twice } }\n", nil),
            ], source: source, target: "CREATE TABLE s (id int PRIMARY KEY, twice int NOT NULL);")
    }

    @Test func keysThatIdentifyNothing() throws {
        try expect(
            [
                (
                    .keyNotUnique, .error,
                    "  a: { from: customers, into: crm.customer, key: [⟦email], fields: { email: email, id: id, full_name: email } }\n",
                    "CREATE UNIQUE INDEX"
                ),
                (
                    .missingKey, .error,
                    "  a: { from: customers, into: crm.customer, key: [⟦id], fields: { full_name: email } }\n", nil
                ),
                (
                    .keyNotInEvents, .error,
                    "  a: { from: customers, into: crm.customer, key: [⟦id], fields: { id: owner_id, full_name: email } }\n",
                    "deletes bring"
                ),
                (
                    .keyNotPlain, .warning,
                    "  a: { from: customers, into: crm.customer, key: [id], fields: { id: ⟦\"id + 1\", full_name: email } }\n",
                    nil
                ),
                (.keyNotUnique, .error, "  ⟦a: { from: heap, into: heap, fields: same }\n", nil),
                (
                    .keyNotInEvents, .error, "  a: { from: heap, into: keyed, key: [⟦id], fields: same }\n",
                    "message.key.columns"
                ),
            ],
            source: ShopSchema.source + "CREATE TABLE heap (id int);",
            target: ShopSchema.target + "CREATE TABLE heap (id int); CREATE TABLE keyed (id int PRIMARY KEY);")
    }

    @Test func connectorMayKeyByOtherColumns() throws {
        try ShopSchema.with(
            source: "CREATE TABLE heap (id int NOT NULL, n int)",
            target: "CREATE TABLE heap (id int PRIMARY KEY, n int)"
        ) { source, target in
            try source.execute("ALTER TABLE heap REPLICA IDENTITY FULL")
            let text =
                Self.head.replacing(
                    "\"${env:S}\" }", with: "\"${env:S}\", connector: { message.key.columns: \"public.heap:id\" } }")
                + "  heap: { from: heap, into: heap, fields: same }\n"
            let found = try findings(text, source, target)
            #expect(!found.contains { $0.severity == .error }, "\(found)")
        }
    }

    @Test func wavesThatCutAForeignKey() throws {
        let rows = """
            INSERT INTO customers (id, first_name, last_name, region) VALUES (1, 'a', 'b', 'EU'), (2, 'c', 'd', 'US');
            INSERT INTO orders (customer_id, region, status) VALUES (1, 'EU', 'open'), (2, 'EU', 'open');
            """
        let entities = Self.customers + Self.orders
        try expect(
            [
                (
                    .cutForeignKey, .error, entities + "waves: { w: { orders: ⟦all }, v: { customers: all } }\n",
                    "earlier"
                ),
                (
                    .cutForeignKey, .error,
                    entities + "waves: { w: { customers: \"region = 'EU'\", orders: ⟦\"region = 'EU'\" } }\n",
                    "via customers on customer_id"
                ),
                (
                    .expression, .error,
                    entities + "waves: { w: { customers: \"region = 'EU'\", orders: ⟦\"region::int = 5\" } }\n", "guard"
                ),
                (
                    .scopeParent, .error,
                    entities + "waves: { w: { customers: all }, v: { orders: via ⟦customers on customer_id } }\n", nil
                ),
                (
                    .scopeParent, .error,
                    entities + "waves: { w: { customers: all, orders: via ⟦orders on customer_id } }\n", nil
                ),
                (
                    .scopeParent, .error,
                    entities
                        + "waves: { w: { customers: all, orders: ⟦\"via customers on (customer_id, region)\" } }\n",
                    nil
                ),
                (
                    .unknownWave, .warning,
                    Self.customers + Self.orders.replacing("orders: {", with: "⟦orders: {")
                        + "waves: { w: { customers: all } }\n", nil
                ),
            ], source: ShopSchema.source + rows)
        try ShopSchema.with(source: ShopSchema.source + rows) { source, target in
            let fine = [
                "waves: { w: { customers: all, orders: \"region = 'EU'\" } }\n",
                "waves: { w: { customers: \"region = 'EU'\", orders: via customers on customer_id } }\n",
                "waves: { w: { customers: \"region = 'EU'\" }, v: { customers: \"region = 'US'\", orders: \"region = 'EU'\" } }\n",
            ]
            for waves in fine {
                let found = try findings(Self.head + entities + waves, source, target)
                #expect(!found.contains { $0.severity == .error }, "\(found)")
            }
        }
    }

    @Test func ownershipByTooManyConditions() throws {
        let fields = ["customer_id", "region", "status", "total", "placed", "flags", "note"]
        let rules = fields.enumerated().map { number, field in
            "    - \(number == 6 ? "⟦" : ""){ entity: orders, fields: [\(field)], where: \"id > \(number)\", owner: target }\n"
        }
        let text =
            "  orders: { from: orders, into: crm.order, key: [id], fields: same }\nownership:\n  rules:\n"
            + rules.joined()
        try expect([(.ownershipCondition, .error, text, "same fields")])
    }

    /// What the target is to own must have a way back: into the source's tables, by SQL that the source can run.
    @Test func ownershipWithoutAWayBack() throws {
        func text(_ fields: String, _ rule: String, key: String = "id") -> String {
            """
              customers:
                from: customers
                into: crm.customer
                key: [\(key)]
                fields: \(fields)
            ownership: { rules: [ { entity: customers, \(rule) } ] }

            """
        }
        let lookup =
            "{ id: id, full_name: first_name, tier_id: { from: \"length(tier)\", reverse: \"(SELECT code FROM ⟦crm.tier t "
            + "WHERE t.id = tier_id)\" } }"
        let type = "{ id: id, full_name: first_name, credit_limit: { from: credit_limit, reverse: ⟦email } }"
        let several = "{ id: id, full_name: { from: ⟦\"first_name || last_name\", reverse: full_name } }"
        let missing = "⟦{ id: id, full_name: first_name, email: email }"
        try expect([
            (.expression, .error, text(lookup, "fields: [tier_id], owner: target"), nil),
            (.typeMismatch, .error, text(type, "fields: [credit_limit], owner: target"), nil),
            (.noInverse, .error, text(several, "fields: [full_name], owner: target"), "reverse"),
            (.requiredColumn, .error, text(missing, "owner: target"), "field"),
        ])
    }

    @Test func ownershipThatCannotHold() throws {
        let rows = "INSERT INTO customers (id, first_name, last_name, region) VALUES (1, 'a', 'b', 'EU');"
        let entity = """
              customers:
                from: customers
                into: crm.customer
                key: [id]
                fields: { id: id, full_name: ⟦"first_name || last_name", email: email }

            """
        let plain = entity.replacing("⟦\"first_name || last_name\"", with: "first_name")
        func rules(_ first: String, _ second: String) -> String {
            plain
                + "ownership:\n  rules:\n    - { entity: customers, \(first) }\n    - ⟦{ entity: customers, \(second) }\n"
                .replacing("- ⟦{", with: "- ⟦{")
        }
        try expect(
            [
                (
                    .noInverse, .error,
                    entity + "ownership: { rules: [ { entity: customers, fields: [full_name], owner: target } ] }\n",
                    "reverse"
                ),
                (.noInverse, .error, entity + "ownership: { default: target }\n", "reverse"),
                (
                    .ownershipOverlap, .error,
                    rules("fields: [email], owner: target", "fields: [email], owner: source"), nil
                ),
                (
                    .ownershipOverlap, .error,
                    rules("owner: target, where: \"id > 0\"", "fields: [email], owner: source"), "narrow"
                ),
                (
                    .ownershipOverlap, .error,
                    rules(
                        "owner: target, where: \"first_name = 'a'\"",
                        "fields: [email], owner: source, where: \"id = 1\""), "exclude"
                ),
                (
                    .ownershipCondition, .error,
                    plain
                        + "ownership: { rules: [ { entity: customers, where: ⟦\"region = 'EU'\", owner: target } ] }\n",
                    "reverse"
                ),
                (
                    .ownershipCondition, .error,
                    plain + "ownership: { rules: [ { entity: customers, fields: [⟦id], owner: target } ] }\n", nil
                ),
                (
                    .expression, .error,
                    plain + "ownership: { rules: [ { entity: customers, where: ⟦first_name, owner: source } ] }\n", nil
                ),
            ], source: ShopSchema.source + rows)
    }

    @Test func topicOnlySourceNeedsItsColumns() throws {
        try ShopSchema.with { _, target in
            let head = Self.head.replacing("source: { postgres: \"${env:S}\" }\n", with: "")
            let marked = Marked(head + "  ⟦a: { from: orders, into: crm.order, fields: same }\n")
            marked.expect(.missingKey, in: try findings(marked.text, nil, target), advice: "columns")
            let wrong = Marked(
                head + "  a: { from: orders, into: crm.order, fields: same, columns: { id: ⟦\"numeric(x)\" } }\n")
            wrong.expect(.badValue, in: try findings(wrong.text, nil, target))
            let unknown = Marked(
                head + "  a:\n    from: orders\n    into: crm.order\n    fields: same\n"
                    + "    columns: { id: bigint, status: ⟦order_status, total: \"numeric(12,2)\" }\n")
            let found = try findings(unknown.text, nil, target)
            unknown.expect(.badValue, .note, in: found)
            #expect(!found.contains { $0.severity == .error }, "\(found)")
        }
    }
}
