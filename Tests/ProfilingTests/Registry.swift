import LibPQ
import Model
import Playbook
import Profiling
import TestSupport

/// A source of people with planted defects, and a target that is stricter.
enum Registry {
    static let source = """
        CREATE TABLE people (
            id bigint PRIMARY KEY, code text, name text, age integer, born date, score double precision, salary numeric,
            badge text, notes json, plan text, team_id integer, active boolean, tags text[]);
        CREATE TABLE teams (id integer PRIMARY KEY, name text);
        INSERT INTO teams SELECT n, 'team ' || n FROM generate_series(1, 10) n;
        INSERT INTO people SELECT n, 'AB-' || (1000 + n), 'Name ' || n, 20 + n % 50, date '1970-01-01' + n,
            CASE WHEN n % 10 = 0 THEN 'NaN'::float8 ELSE n END, n, CASE WHEN n % 4 <> 0 THEN n::text END,
            json_build_object('n', n), 'basic', 1 + n % 10, n % 2 = 0, ARRAY['a']
        FROM generate_series(1, 1000) n;
        """

    static let target = """
        CREATE TABLE plan (id int PRIMARY KEY, code text UNIQUE NOT NULL);
        INSERT INTO plan VALUES (1, 'basic');
        CREATE TABLE team (id int PRIMARY KEY, name text);
        CREATE TABLE person (
            id bigint PRIMARY KEY, code varchar(8) NOT NULL UNIQUE, name text, age smallint, born date,
            score double precision, salary numeric(6,2), badge integer, notes jsonb, plan_id int REFERENCES plan,
            team_id integer REFERENCES team, active boolean, tags text[]);
        """

    static let text = """
        playbook: registry
        source: { postgres: "x" }
        target: { postgres: "x" }
        kafka: { brokers: ["127.0.0.1:1"], topics: "t.{schema}.{table}", format: debezium-json }
        entities:
          teams: { from: teams, into: team, key: [id], fields: same }
          people:
            from: people
            into: person
            key: [id]
            fields:
              id: id
              code: code
              name: name
              age: age
              born: born
              score: score
              salary: salary
              badge: "badge::integer"
              notes: notes
              plan_id: "(SELECT p.id FROM plan p WHERE p.code = plan)"
              team_id: team_id
              active: active
              tags: tags
        #DEFECTS
        waves: { young: { teams: all, people: "id <= 100" }, rest: { people: all } }
        """

    static func compile(_ source: Connection, _ target: Connection) throws -> CompiledPlaybook {
        try CompiledPlaybook.survey(
            Playbook(parsing: text, file: "registry.yaml"), source: source, target: target, asksRows: false
        ).playbook
    }

    /// Runs `body` with both databases set up; `planted` is SQL of the source.
    static func with<R>(
        _ planted: String = "", _ body: (_ source: Connection, _ target: Connection) throws -> R
    ) throws -> R {
        try withDatabases { sourceDatabase, targetDatabase in
            let source = try sourceDatabase.connect()
            let target = try targetDatabase.connect()
            try source.execute(Self.source)
            try source.execute(planted)
            try source.execute("ANALYZE")
            try target.execute(Self.target)
            return try body(source, target)
        }
    }

    /// The profile of people.
    static func profile(
        _ source: Connection, _ target: Connection, _ change: (inout Profiler.Options) -> Void = { _ in }
    ) throws -> EntityProfile {
        var options = Profiler.Options()
        change(&options)
        let profiler = try Profiler(compile(source, target), source: source, target: target, options: options)
        let people = profiler.entities.filter { $0.name == "people" }
        guard let profile = try profiler.profiles(of: people, report: { _, _ in }).first else {
            throw WaitedInVain("no profile")
        }
        return profile
    }
}
