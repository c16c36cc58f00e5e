import LibPQ
import Model
import Planning
import Playbook
import TestSupport

/// A small clinic, with what a plan is there to find.
enum Clinic {
    static let source = """
        CREATE SCHEMA old;
        CREATE TABLE old.regions (code text COLLATE "C" PRIMARY KEY);
        CREATE TABLE old.patients (
            id bigint PRIMARY KEY, region text COLLATE "C" NOT NULL REFERENCES old.regions, name text, plan text,
            gp_id bigint);
        CREATE TABLE old.visits (
            id bigint PRIMARY KEY, patient_id bigint NOT NULL REFERENCES old.patients, referred_by bigint, note text);
        CREATE TABLE old.bills (id bigint PRIMARY KEY, visit_id integer, amount numeric(10,2), unrelated_id integer);
        CREATE TABLE old.letters (id bigint PRIMARY KEY, patient_id bigint REFERENCES old.patients);
        CREATE VIEW old.due AS SELECT v.id, b.amount FROM old.visits v JOIN old.bills b ON b.visit_id = v.id;
        CREATE VIEW old.due_sum AS SELECT sum(amount) AS amount FROM old.due;
        CREATE FUNCTION old.note_visit() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN UPDATE old.patients SET name = name WHERE id = NEW.patient_id; RETURN NEW; END $$;
        CREATE TRIGGER visit_noted AFTER INSERT ON old.visits FOR EACH ROW EXECUTE FUNCTION old.note_visit();
        CREATE FUNCTION old.speaks_of_bills_only() RETURNS text LANGUAGE sql AS $$ SELECT 'bills'::text /* from old.bills */ $$;
        CREATE PUBLICATION outside FOR TABLE old.patients;
        ALTER TABLE old.letters ENABLE ROW LEVEL SECURITY;
        CREATE POLICY own_letters ON old.patients USING (true);
        INSERT INTO old.regions VALUES ('N'), ('S');
        INSERT INTO old.patients SELECT n, CASE WHEN n % 2 = 0 THEN 'N' ELSE 'S' END, 'P' || n, 'basic', n FROM generate_series(1, 500) n;
        INSERT INTO old.visits SELECT n, 1 + n % 500, NULL, 'x' FROM generate_series(1, 2000) n;
        INSERT INTO old.bills SELECT n, 1 + n % 2000, n, n FROM generate_series(1, 3000) n;
        """

    static let target = """
        CREATE SCHEMA new;
        CREATE TABLE new.region (code text COLLATE "C" PRIMARY KEY);
        CREATE TABLE new.plan (id int PRIMARY KEY, code text UNIQUE NOT NULL);
        CREATE TABLE new.patient (
            id bigint PRIMARY KEY, region text COLLATE "C" NOT NULL REFERENCES new.region, name text,
            plan_id int REFERENCES new.plan);
        CREATE TABLE new.visit (
            id bigint PRIMARY KEY, patient_id bigint NOT NULL REFERENCES new.patient, note text);
        CREATE TABLE new.bill (id bigint PRIMARY KEY, visit_id integer, amount numeric(10,2));
        CREATE MATERIALIZED VIEW new.turnover AS SELECT sum(amount) AS amount FROM new.bill;
        CREATE TABLE new.invoice (id int PRIMARY KEY, patient_id bigint REFERENCES new.patient);
        """

    static let entities = """
        regions: { from: old.regions, into: new.region, key: [code], fields: same }
        patients:
          from: old.patients
          into: new.patient
          key: [id]
          fields:
            id: id
            region: region
            name: name
            plan_id: "(SELECT p.id FROM new.plan p WHERE p.code = plan)"
        visits: { from: old.visits, into: new.visit, key: [id], fields: same }
        bills: { from: old.bills, into: new.bill, key: [id], fields: same }
        """

    static let goodWaves = """
        waves:
          base: { regions: all }
          north: { patients: "region = 'N'", visits: via patients on patient_id, bills: via visits on visit_id }
          rest: { patients: all, visits: all, bills: all }
        """

    static func playbook(
        waves: String, entities: String = entities, source: String = "x", target: String = "x"
    ) throws -> Playbook {
        let body = entities.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
        let text = """
            playbook: clinic
            source: { postgres: "\(source)" }
            target: { postgres: "\(target)" }
            kafka: { brokers: ["127.0.0.1:1"], topics: "t.{schema}.{table}", format: debezium-json }
            entities:
            \(body)
            \(waves)
            limits: { load_workers: 2, source_connections: 2 }
            """
        return try Playbook(parsing: text, file: "clinic.yaml")
    }

    /// Runs `body` with both databases set up, with statistics.
    static func with<R>(_ body: (_ source: Connection, _ target: Connection) throws -> R) throws -> R {
        try withDatabases { sourceDatabase, targetDatabase in
            let source = try sourceDatabase.connect()
            let target = try targetDatabase.connect()
            try source.execute(Self.source)
            try source.execute("ANALYZE")
            try target.execute(Self.target)
            return try body(source, target)
        }
    }

    static func plan(
        waves: String, entities: String = entities, suggests: Bool = false, _ source: Connection, _ target: Connection
    ) throws -> MigrationPlan {
        var options = Planner.Options()
        options.suggestsWaves = suggests
        return try Planner(
            playbook(waves: waves, entities: entities), source: source, target: target, options: options
        ).plan()
    }
}
