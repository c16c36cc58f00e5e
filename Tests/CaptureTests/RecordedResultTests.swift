import Foundation
import LibPQ
import RDKafka
import Sandbox
import TestSupport
import Testing

/// The recordings' scripts once more: what our own capture made of them and what the real connector made of them,
/// applied by the same engine to a target each. After every statement of the script both hold the source's rows.
@Suite(.serialized) struct RecordedResultTests {
    /// Without those that have no table with a key, and those that only one session at a time may run.
    static let recordings = RecordedScriptTests.recordings.filter {
        !["pg-logical-message", "pg-no-pk", "pg-origins"].contains($0.scenario)
    }

    /// What the source held after a statement, and how many events its topics had then.
    private struct Moment {
        var rows: [String: KeyedTable.Rows] = [:]
        var ends: [String: Int] = [:]
    }

    @Test(arguments: recordings) func sameRowsAsWithTheConnector(recording: Recording) throws {
        try withDatabases { source, ours in
            try withDatabase { theirs in
                try withBroker { broker in
                    for database in [source, ours, theirs] {
                        try SQLScript(recording.script("setup.sql")).run(on: database.connect())
                    }
                    let recorded = Dictionary(grouping: try recording.events(), by: \.table)
                    let tables = try KeyedTable.all(of: source).filter { recorded[$0.name] != nil }
                    try #require(!tables.isEmpty)
                    let (moments, captured) = try record(recording, tables, source, broker)
                    var connector = try recording.properties()
                    try compare(
                        "recorded", recorded, at: moments, recording, tables,
                        try AppliedTopics("recorded", tables, connector, from: source, to: theirs, broker), theirs)
                    connector["connector.class"] = "tidegate"
                    try compare(
                        "captured", captured, at: moments, recording, tables,
                        try AppliedTopics("captured", tables, connector, from: source, to: ours, broker), ours)
                }
            }
        }
    }

    /// Runs the script with our own capture.
    private func record(
        _ recording: Recording, _ tables: [KeyedTable], _ source: TestDatabase, _ broker: EmbeddedBroker
    ) throws -> ([Moment], events: [String: [CapturedEvent]]) {
        for table in tables { try broker.createTopic("src.public.\(table.name)", partitions: 1) }
        let topics = tables.map { "src.public.\($0.name)" }
        let admin = try Admin(Configuration(["bootstrap.servers": broker.bootstrapServers]))
        var moments: [Moment] = []
        try recording.capture(source, to: broker) {
            var moment = Moment()
            for table in tables {
                moment.rows[table.name] = try table.rows(of: source)
                let topic = "src.public.\(table.name)"
                moment.ends[table.name] = Int(try admin.watermarks(topic, 0, timeout: .seconds(10)).high)
            }
            moments.append(moment)
        }
        return (moments, Dictionary(grouping: try Topics.read(topics, from: broker), by: \.table))
    }

    /// Applies events up to each moment, and compares the target with what the source held then.
    private func compare(
        _ title: String, _ events: [String: [CapturedEvent]], at moments: [Moment], _ recording: Recording,
        _ tables: [KeyedTable], _ topics: AppliedTopics, _ target: TestDatabase
    ) throws {
        defer { topics.stop() }
        for (number, moment) in moments.enumerated() {
            try topics.advance(to: moment.ends, of: events)
            for table in tables {
                let held = moment.rows[table.name] ?? [:]
                for difference in table.differences(of: try table.rows(of: target), from: held) {
                    let isExcused = KnownLosses.all.contains { loss in
                        difference.isExcused(by: loss, of: table, in: recording)
                    }
                    #expect(isExcused, "\(title), after statement \(number + 1): \(table.name)\(difference)")
                }
            }
        }
    }
}
