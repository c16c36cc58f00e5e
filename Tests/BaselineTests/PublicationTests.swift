import Baseline
import LibPQ
import Model
import TestSupport
import Testing

/// A wave goes live only with a stream behind it.
@Suite struct PublicationTests {
    private static let tables = """
        CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 10);
        CREATE TABLE late (id int PRIMARY KEY); INSERT INTO late SELECT generate_series(1, 10);
        """
    private static let entities = """
          t: { from: public.t, into: public.t, key: [id], fields: same }
          late: { from: public.late, into: public.late, key: [id], fields: same }
        """

    private func with(
        _ publication: String, tables: String = tables, targetTables: String = tables, entities: String = entities,
        _ body: (BaselineFixture) throws -> Void
    ) throws {
        try withBaseline(
            tables: tables, targetTables: targetTables + "; TRUNCATE t, late", entities: entities,
            waves: "{ all: { t: all, late: all } }"
        ) { fixture in
            try fixture.source.connect().execute("CREATE PUBLICATION \(fixture.slot) \(publication)")
            try body(fixture)
        }
    }

    private func states(_ fixture: BaselineFixture) throws -> [String] {
        try BaselineFixture.rows(
            fixture.target, "SELECT name, state FROM tidegate.scope JOIN tidegate.entity ON entity_id = id ORDER BY 1")
    }

    @Test func aTableThatTheCaptureDoesNotBringIsRefusedBeforeAnythingChanges() throws {
        try with("FOR TABLE t") { fixture in
            let error = #expect(throws: BaselineError.self) { try fixture.load("all") }
            #expect(error?.code == .unpublished)
            #expect(error?.message.contains("public.late") == true && error?.message.contains("public.t:") == false)
            #expect(error?.message.contains("ADD TABLE \"public\".\"late\"") == true)
            let states = try states(fixture)
            #expect(states.isEmpty)
            try fixture.source.connect().execute("ALTER PUBLICATION \(fixture.slot) ADD TABLE late")
            try fixture.load("all")
            let after = try self.states(fixture)
            #expect(after == ["late|live", "t|live"])
        }
    }

    @Test func aPublicationOfAllTablesBringsEachOfThem() throws {
        try with("FOR ALL TABLES") { fixture in
            try fixture.load("all")
            #expect(try states(fixture) == ["late|live", "t|live"])
        }
    }

    @Test func aPublicationThatIsNotThereSaysNothing() throws {
        try with("FOR TABLE t") { fixture in
            try fixture.load("all") { $0.publications = ["no_such_publication"] }
            #expect(try states(fixture) == ["late|live", "t|live"])
        }
    }

    @Test func aPublicationThatWasMadeWhileTheLoadWaitedIsLookedAtToo() throws {
        try with("FOR TABLE t") { fixture in
            try fixture.source.connect().execute("ALTER PUBLICATION \(fixture.slot) RENAME TO not_yet")
            let error = #expect(throws: BaselineError.self) {
                try fixture.load("all") { options in
                    options.pause = { point in
                        guard point == .afterFlip else { return }
                        try fixture.source.connect().execute("ALTER PUBLICATION not_yet RENAME TO \(fixture.slot)")
                    }
                }
            }
            #expect(error?.code == .unpublished)
        }
    }

    @Test func partitionsCountUnderTheNameThatTheirChangesHave() throws {
        let tables = """
            CREATE TABLE t (id int PRIMARY KEY) PARTITION BY RANGE (id);
            CREATE TABLE t_low PARTITION OF t FOR VALUES FROM (0) TO (100);
            CREATE TABLE late (id int PRIMARY KEY) PARTITION BY RANGE (id);
            CREATE TABLE late_low PARTITION OF late FOR VALUES FROM (0) TO (100);
            """
        let leaf = Self.entities.replacing("from: public.late", with: "from: public.late_low")
        try with(
            "FOR TABLE t, late WITH (publish_via_partition_root = true)", tables: tables, targetTables: Self.tables
        ) { fixture in
            try fixture.load("all")
            #expect(try states(fixture) == ["late|live", "t|live"])
        }
        try with("FOR ALL TABLES", tables: tables, targetTables: Self.tables) { fixture in
            let error = #expect(throws: BaselineError.self) { try fixture.load("all") }
            #expect(error?.message.contains("publish_via_partition_root") == true)
        }
        try with(
            "FOR ALL TABLES WITH (publish_via_partition_root = true)", tables: tables, targetTables: Self.tables,
            entities: leaf
        ) { fixture in
            let error = #expect(throws: BaselineError.self) { try fixture.load("all") }
            #expect(error?.message.contains("is a partition of") == true)
        }
    }
}
