import Model
import Testing

/// How a source differs from its contract.
@Suite struct SourceContractTests {
    typealias Column = SourceContract.Column

    private let contract = SourceContract(
        table: "public.item",
        columns: [
            Column(name: "id", number: 1, type: "bigint", isNotNull: true),
            Column(name: "name", number: 2, type: "text", isNotNull: false),
            Column(name: "n", number: 3, type: "integer", isNotNull: false),
            Column(name: "twice", number: 4, type: "integer", isNotNull: false, isGenerated: true),
        ],
        key: ["id"], replicaIdentity: "d", modes: ["decimal.handling.mode": "string"])

    private func changes(_ change: (inout SourceContract) -> Void) -> [String] {
        var now = contract
        change(&now)
        return contract.difference(to: now).map(\.description)
    }

    @Test func whatIsTheSameDiffersInNothing() { #expect(changes { _ in }.isEmpty) }

    @Test func columnsComeAndGo() {
        let added = changes { $0.columns.append(Column(name: "x", number: 5, type: "text", isNotNull: true)) }
        #expect(added == ["added: x text not null"])
        #expect(changes { $0.columns.remove(at: 2) } == ["dropped: n integer"])
    }

    @Test func aRenameIsToldByTheNumber() {
        #expect(changes { $0.columns[1].name = "title" } == ["renamed: name is now title, by its place in the table"])
        let unnumbered = changes { now in
            now.columns[1].name = "title"
            for index in now.columns.indices { now.columns[index].number = nil }
        }
        #expect(unnumbered == ["dropped: name text", "added: title text"])
        let both = changes { now in
            now.columns[2].name = "m"
            now.columns[2].type = "bigint"
        }
        #expect(both == ["renamed: n is now m, by its place in the table", "retyped: m was integer, is now bigint"])
    }

    @Test func aRenamedKeyColumnIsTheSameKey() {
        let changed = changes { now in
            now.columns[0].name = "number"
            now.key = ["number"]
        }
        #expect(changed == ["renamed: id is now number, by its place in the table"])
    }

    @Test func typesNullKeysAndIdentityAreTold() {
        #expect(changes { $0.columns[2].type = "text" } == ["retyped: n was integer, is now text"])
        #expect(changes { $0.columns[2].isNotNull = true } == ["newly not null: n"])
        #expect(changes { $0.columns[0].isNotNull = false } == ["no longer not null: id"])
        #expect(changes { $0.key = ["id", "n"] } == ["key changed: was (id), is now (id, n)"])
        #expect(changes { $0.replicaIdentity = "f" } == ["replica identity changed: was default, is now full"])
        #expect(contract.difference(to: nil) == [.tableDropped(table: "public.item")])
    }

    @Test func fieldsAreComparedByName() {
        #expect(contract.difference(toFields: ["id", "name", "n"]).isEmpty)
        #expect(
            contract.difference(toFields: ["id", "n", "title"]).map(\.description)
                == ["dropped: name text", "added: title"])
        // A generated column may come or not.
        #expect(contract.difference(toFields: ["id", "name", "n", "twice"]).isEmpty)
    }

    @Test func orderOfColumnsIsNotPartOfTheFingerprint() {
        var other = contract
        other.columns.reverse()
        #expect(other.canonicalText == contract.canonicalText)
        other.columns[0].type = "text"
        #expect(other.canonicalText != contract.canonicalText)
    }

    @Test func whatCostsNoValueIsHarmless() {
        let harmless: [ContractChange] = [
            .added(Column(name: "x", isNotNull: false)), .newlyNotNull(column: "n"), .noLongerNotNull(column: "n"),
            .retyped(column: "n", from: "integer", to: "bigint"), .replicaIdentityChanged(from: "d", to: "f"),
        ]
        let harmful: [ContractChange] = [
            .added(Column(name: "x", isNotNull: true)), .dropped(Column(name: "x")),
            .renamed(from: Column(name: "x"), to: Column(name: "y")), .keyChanged(from: ["a"], to: ["b"]),
            .retyped(column: "n", from: "bigint", to: "integer"), .tableDropped(table: "t"),
            .replicaIdentityChanged(from: "f", to: "n"),
        ]
        #expect(harmless.allSatisfy { DriftPolicy.reaction(to: $0, policy: nil) == .alert })
        #expect(harmful.allSatisfy { DriftPolicy.reaction(to: $0, policy: nil) == .pause })
        #expect((harmless + harmful).allSatisfy { DriftPolicy.reaction(to: $0, policy: .ignore) == .ignore })
    }

    @Test(arguments: [
        ("smallint", "bigint", true), ("bigint", "integer", false), ("real", "double precision", true),
        ("character varying(10)", "character varying(20)", true),
        ("character varying(20)", "character varying(10)", false),
        ("character varying(20)", "text", true), ("text", "character varying(20)", false),
        ("numeric(8,2)", "numeric(12,4)", false), ("numeric(8,2)", "numeric(8,4)", false),
        ("numeric(8,2)", "numeric(10,2)", true), ("numeric(8,2)", "numeric", false),
        ("numeric", "numeric(8,2)", false), ("timestamp(3) without time zone", "timestamp without time zone", false),
        ("integer", "text", false), ("integer", "numeric", false),
    ])
    func widening(_ from: String, _ to: String, _ holds: Bool) {
        #expect(TypeWidening.holds(from: from, to: to) == holds)
    }
}
