import LibPQ
import Model
import Playbook
import TestSupport
import Testing

@Suite struct FirstPlaybookTests {
    private let settings = FirstPlaybook.Settings(
        name: "shop", source: "${env:S}", target: "${env:T}", brokers: ["b1:9092", "b2:9092"],
        topics: "shop.{schema}.{table}")

    @Test func equalSchemasGiveAPlaybookThatPasses() throws {
        let schema = """
            CREATE SCHEMA "Odd Schema"; CREATE TYPE mood AS ENUM ('fine'); CREATE DOMAIN amount AS numeric(12,2);
            CREATE TABLE regions (code char(2) PRIMARY KEY, name text NOT NULL);
            CREATE TABLE customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, region char(2) REFERENCES regions,
                mood mood, total amount DEFAULT 0, tags text[], "user" text,
                shout text GENERATED ALWAYS AS (upper("user")) STORED);
            CREATE TABLE "Odd Schema"."Order: lines" ("No" int PRIMARY KEY, customer bigint REFERENCES customers, "a b" jsonb);
            """
        try ShopSchema.with(source: schema, target: schema) { source, target in
            let first = try FirstPlaybook(settings, source: source, target: target)
            #expect(first.leftOut.isEmpty)
            let playbook = try Playbook(parsing: first.text, file: "first.yaml")
            let check = try PlaybookCheck(playbook, source: source, target: target)
            // The generated column is the source's own business here: the target computes it too.
            #expect(!check.hasErrors, "\(first.text)\n\(check.findings)")
            #expect(check.count(.warning) == 0, "\(check.findings)")
            #expect(
                playbook.waves.map { $0.scopes.map(\.entity.value.rawValue) } == [
                    ["regions"], ["customers"], ["Order__lines"],
                ])
            #expect(playbook.kafka.brokers.map(\.value) == ["b1:9092", "b2:9092"])
        }
    }

    @Test func gapsStandInComments() throws {
        try ShopSchema.with { source, target in
            try target.execute("ALTER TABLE crm.customer ALTER full_name SET DEFAULT ''")
            try source.execute("CREATE TABLE audit (id int PRIMARY KEY); CREATE TABLE heap (id int)")
            try target.execute("CREATE TABLE heap (id int PRIMARY KEY)")
            let first = try FirstPlaybook(settings, source: source, target: target)
            #expect(first.leftOut.map(\.name) == ["audit", "heap"])
            for part in [
                "  orders: { from: public.orders, into: crm.order, key: [id], fields: same }",
                "      id: id\n      # full_name: ...   # text: no source column of that name\n      email: email",
                "      # ...: first_name   # text: no target column of that name",
                "  # public.heap is left out: the source table has no key", "  #   public.audit",
            ] {
                #expect(first.text.contains(part), "\(part) in\n\(first.text)")
            }
            let check = try PlaybookCheck(
                Playbook(parsing: first.text, file: "first.yaml"), source: source, target: target)
            #expect(!check.hasErrors, "\(check.findings)")
        }
    }

    @Test func neededExpressionLeavesTheEntityOut() throws {
        try ShopSchema.with { source, target in
            let first = try FirstPlaybook(settings, source: source, target: target)
            #expect(
                first.text.contains("# public.customers is left out: nothing makes the target's NOT NULL full_name yet")
            )
            #expect(first.leftOut.map(\.name) == ["customers"])
        }
    }
}
