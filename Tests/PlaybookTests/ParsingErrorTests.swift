import Playbook
import Testing

@Suite struct ParsingErrorTests {
    private static let frame = """
        playbook: test
        target: { postgres: "host=x" }
        entities:
          a: { from: public.a, into: public.a, fields: same }

        """

    private func findings(_ text: String) -> [Finding] {
        do {
            return try Playbook(parsing: text, file: "test.yaml").findings
        } catch {
            return error.findings
        }
    }

    private func expect(
        _ rule: Rule, _ severity: Finding.Severity = .error, in marked: String, advice: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let marked = Marked(marked)
        marked.expect(rule, severity, in: findings(marked.text), advice: advice, sourceLocation: sourceLocation)
    }

    @Test func textThatIsNotYAML() {
        expect(.yamlSyntax, in: "playbook: test\ntarget: { postgres: x\nentities⟦: y: z")
        expect(.yamlSyntax, in: "⟦")
    }

    @Test func driftIsOneOfThreeWords() {
        expect(
            .badValue,
            in: """
                playbook: test
                target: { postgres: "host=x" }
                entities:
                  a: { from: public.a, into: public.a, fields: same, drift: ⟦pauze }
                """, advice: "pause")
    }

    @Test func keyThatStandsTwice() {
        expect(.duplicateKey, in: "playbook: test\ntarget: { postgres: x }\n⟦playbook: other\n")
        expect(
            .duplicateKey, in: Self.frame + "waves:\n  one:\n    a: all\n    ⟦a: all\n", advice: "remove")
    }

    @Test func entitiesThatShareATable() {
        let head = "playbook: t\ntarget: { postgres: x }\nentities:\n  a: { from: a, into: a, fields: same }\n"
        expect(.sharedTable, in: head + "  b: { from: ⟦a, into: b, fields: same }\n", advice: "scopes")
        expect(.sharedTable, in: head + "  b: { from: ⟦public.a, into: b, fields: same }\n")
        expect(.sharedTable, in: head + "  b: { from: b, into: ⟦a, fields: same }\n", advice: "another table")
    }

    @Test func unknownKeyIsAnsweredWithTheNearestOne() {
        expect(.unknownKey, in: Self.frame + "⟦wave: {}\n", advice: "waves")
        expect(
            .unknownKey,
            in:
                "playbook: t\ntarget: { postgres: x, ⟦refrences: wait }\nentities: { a: { from: a, into: a, fields: same } }",
            advice: "references")
        expect(
            .unknownKey,
            in: "playbook: t\ntarget: { postgres: x }\nentities:\n  a: { from: a, into: a, fields: same, ⟦ky: [id] }\n",
            advice: "key")
    }

    @Test func missingKey() {
        expect(.missingKey, in: "⟦playbook: t\nentities: { a: { from: a, into: a, fields: same } }\n")
        expect(.missingKey, in: "playbook: t\ntarget: { postgres: x }\nentities:\n  ⟦a: { from: a, fields: same }\n")
        expect(.missingKey, in: Self.frame + "kafka: ⟦{ brokers: [\"b:9092\"] }\n")
        expect(.missingKey, in: Self.frame + "masking: ⟦{}\n")
        expect(
            .missingKey,
            in: "playbook: t\ntarget: { postgres: x }\nentities:\n"
                + "  a: { from: a, into: a, fields: same, defects: { ⟦d: { where: \"x\" } } }\n")
    }

    @Test func valueOfTheWrongKind() {
        expect(.wrongKind, in: "playbook: t\ntarget: ⟦x\nentities: { a: { from: a, into: a, fields: same } }\n")
        expect(
            .wrongKind,
            in: "playbook: t\ntarget: { postgres: ⟦[x] }\nentities: { a: { from: a, into: a, fields: same } }\n")
        expect(.wrongKind, in: Self.frame + "waves:\n  - ⟦one\n".replacing("- ⟦one", with: "⟦- one"))
        expect(.wrongKind, in: Self.frame + "ownership: { rules: ⟦x }\n")
    }

    @Test func valueThatCannotBe() {
        expect(
            .badValue,
            in: "playbook: ⟦\"a b\"\ntarget: { postgres: x }\nentities: { a: { from: a, into: a, fields: same } }\n")
        expect(
            .badValue,
            in: "playbook: t\ntarget: { postgres: x }\nentities: { a: { from: ⟦a.b.c, into: a, fields: same } }\n")
        expect(
            .badValue,
            in: "playbook: t\ntarget: { postgres: x }\nentities: { a: { from: a, into: a, fields: ⟦sme } }\n",
            advice: "same")
        expect(
            .badValue,
            in:
                "playbook: t\ntarget: { postgres: x }\nentities: { a: { from: a, into: a, fields: { x: { from: y, mask: ⟦hmca } } } }\n",
            advice: "hmac")
        expect(.badValue, in: Self.frame + "kafka: { brokers: [\"b:9092\", ⟦broker], topics: \"{table}\" }\n")
        expect(.badValue, in: Self.frame + "kafka: { brokers: [\"b:9092\"], topics: ⟦shop }\n")
        expect(.badValue, in: Self.frame + "kafka: { brokers: [\"b:9092\"], topics: ⟦\"{table}.{database}\" }\n")
        expect(
            .badValue,
            in: Self.frame + "kafka: { brokers: [\"b:9092\"], topics: \"{table}\", format: ⟦debezium-jsn }\n",
            advice: "debezium-json")
        expect(
            .badValue,
            in: Self.frame + "kafka: { brokers: [\"b:9092\"], topics: \"{table}\", format: ⟦debezium-avro }\n")
        expect(.badValue, in: Self.frame + "limits: { batch_rows: ⟦many }\n")
        expect(.badValue, in: Self.frame + "limits: { lanes: ⟦0 }\n")
        expect(.badValue, in: Self.frame + "limits: { batch_bytes: ⟦16TB }\n")
        expect(.badValue, in: Self.frame + "limits: { batch_wait: ⟦soon }\n")
        expect(.badValue, in: Self.frame + "gates: { cutover: { max_lag: ⟦2 } }\n")
        expect(.badValue, in: Self.frame + "waves:\n  one:\n    a: ⟦via a over id\n")
        expect(
            .badValue,
            in: "playbook: t\ntarget: { postgres: ⟦\"${env:}\" }\nentities: { a: { from: a, into: a, fields: same } }\n"
        )
        expect(
            .badValue,
            in: "playbook: t\ntarget: { postgres: ⟦\"${env:X\" }\nentities: { a: { from: a, into: a, fields: same } }\n"
        )
    }

    @Test func nameThatNothingHas() {
        expect(.unknownEntity, in: Self.frame + "waves:\n  one:\n    ⟦b: all\n")
        expect(.unknownEntity, in: Self.frame + "waves:\n  one:\n    a: via ⟦b on x\n")
        expect(.unknownEntity, in: Self.frame + "ownership: { rules: [ { entity: ⟦b, owner: target } ] }\n")
        expect(
            .unknownWave,
            in: Self.frame
                + "waves: { one: { a: all } }\nownership: { rules: [ { entity: a, owner: target, from: ⟦wave on } ] }\n",
            advice: "one")
    }

    @Test func hmacWithoutAKey() {
        expect(
            .masking,
            in:
                "playbook: t\ntarget: { postgres: x }\nentities:\n  a: { from: a, into: a, fields: { x: { from: y, mask: ⟦hmac } } }\n"
        )
    }

    @Test func plainPasswordIsAWarning() {
        let frame = "playbook: t\nentities: { a: { from: a, into: a, fields: same } }\n"
        for text in ["postgres://me:secret@h/d", "host=h password=secret", "postgresql://h/d?password=secret"] {
            expect(.plainPassword, .warning, in: frame + "target: { postgres: ⟦\"\(text)\" }\n", advice: "${env:NAME}")
        }
        for text in ["postgres://me:${env:PW}@h/d", "host=h password=${file:/pw}", "postgres://me@h/d", "${env:DSN}"] {
            #expect(!findings(frame + "target: { postgres: \"\(text)\" }\n").contains { $0.rule == .plainPassword })
        }
        expect(
            .plainPassword, .warning,
            in: Self.frame
                + "kafka: { brokers: [\"b:9092\"], topics: \"{table}\", properties: { sasl.password: ⟦x } }\n")
    }

    @Test func allErrorsAreFoundAtOnce() {
        let found = findings(
            "playbook: \"a b\"\ntarget: { postgrs: x }\nentities: { a: { from: a, into: a, feilds: same } }\n")
        #expect(Set(found.map(\.rule)) == [.badValue, .unknownKey, .missingKey])
        #expect(found.count == 5)
    }
}
