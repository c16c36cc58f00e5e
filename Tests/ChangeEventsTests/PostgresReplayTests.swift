import ChangeEvents
import LibPQ
import Model
import TestSupport
import Testing

/// Every PostgreSQL recording, applied event by event, ends with what the source holds.
@Suite struct PostgresReplayTests {
    /// Left out: Avro and flattened events, which are not decoded yet; and two scenarios that have tests of their own.
    static let fixtures = Recording.all.filter {
        $0.isPostgres && !$0.isAvro && $0.variant != "json-unwrapped"
            && !["pg-snapshot-live", "pg-schema-change", "pg-origins"].contains($0.scenario)
    }

    @Test(arguments: fixtures) func copyEqualsSource(fixture: Recording) throws {
        try withDatabase { database in
            let connection = try database.connect()
            defer { connection.close() }
            let differences = try ScenarioReplay(fixture: fixture, connection: connection).run()
            for difference in differences {
                #expect(KnownLosses.all.contains { difference.isExcused(by: $0, in: fixture) }, "\(difference)")
            }
            for loss in KnownLosses.all where loss.variants != nil && loss.applies(to: fixture) {
                #expect(
                    differences.contains { $0.isExcused(by: loss, in: fixture) }, "no longer needed: \(loss.reason)")
            }
        }
    }
}
