import Model
import Playbook
import Testing

@Suite struct PlaybookTests {
    @Test func readsEverySectionOfTheDesign() throws {
        let playbook = try Playbook(parsing: shopPlaybook, file: "shop.yaml")
        #expect(playbook.name == "shop")
        #expect(playbook.source.connectorProperties["decimal.handling.mode"] == "precise")
        #expect(playbook.kafka.brokers.map(\.value) == ["127.0.0.1:9092"])
        #expect(playbook.kafka.topic(of: TableName(schema: "public", name: "orders")) == "shop.public.orders")
        #expect(playbook.entities.map(\.name.value) == ["customers", "orders"])
        let customers = try #require(playbook.entity("customers"))
        #expect(customers.into.value == TableName(schema: "crm", name: "customer"))
        guard case .named(let fields) = customers.fields else {
            Issue.record("customers.fields is not a mapping")
            return
        }
        #expect(fields.map(\.column.value).suffix(3) == ["ssn", "priority", "credit_limit"])
        #expect(fields[2].reverse?.sql == "email")
        #expect(fields[2].from.location == FileLocation(file: "shop.yaml", line: 21, column: 22))
        #expect(customers.defects.map(\.name.value) == ["P5-is-low", "no-email"])
        #expect(playbook.waves.map(\.name.value) == ["pilot", "eu", "rest"])
        guard case .via(let parent, let columns)? = playbook.wave("eu")?.scope(of: "orders")?.rows else {
            Issue.record("orders of wave eu is not a via scope")
            return
        }
        #expect(parent.value == "customers")
        #expect(columns == ["customer_id"])
        #expect(playbook.limits.batchRows == 10_000)
        #expect(playbook.limits.lanes == Limits().lanes)
    }

    @Test func sectionsOfLaterVersionsSayThatTheyAreNotInForce() throws {
        let playbook = try Playbook(parsing: shopPlaybook, file: "shop.yaml")
        let notes = playbook.findings.filter { $0.rule == .notInForce }
        #expect(notes.map(\.location.line) == [45])
        #expect(playbook.findings.allSatisfy { $0.severity == .note })
    }

    @Test func textIsNormalisedBeforeItIsHashed() throws {
        let other = "\u{FEFF}" + shopPlaybook.replacing("\n", with: "\r\n") + "\r\n\r\n"
        let texts = try [shopPlaybook, other].map { try Playbook(parsing: $0, file: "f").text }
        #expect(texts[0] == texts[1])
    }

    @Test func plainSecretsAreLeftOutOfWhatIsStored() throws {
        let playbook = try Playbook(
            parsing: """
                playbook: t
                source: { postgres: "postgres://me:hunter2@h/d" }
                target:
                  postgres: >-
                    host=h
                    password=hunter2
                  references: wait
                kafka:
                  brokers: ["b:9092"]
                  topics: "{table}"
                  properties: { sasl.password: hunter2, client.id: x }
                masking: { key: hunter2 }
                entities: { s: { from: s, into: s, fields: same } }

                """, file: "t.yaml")
        let stored = playbook.textWithoutSecrets
        #expect(!stored.contains("hunter2"), "\(stored)")
        #expect(stored.contains("references: wait") && stored.contains("fields: same"))
        let clean = try Playbook(parsing: shopPlaybook, file: "f")
        #expect(clean.textWithoutSecrets == clean.text)
    }
}
