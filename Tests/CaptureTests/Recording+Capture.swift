import Capture
import ChangeEvents
import LibPQ
import Model
import Sandbox
import TestSupport

extension Recording {
    /// Runs the script's changes on a database that is set up, with our own capture in the place of the connector.
    ///
    /// - Parameter atMoments: called after every statement that leaves no transaction open, when its events have been sent.
    func capture(_ database: TestDatabase, to broker: EmbeddedBroker, atMoments: (() throws -> Void)? = nil) throws {
        let run = CaptureRun(try configuration(database, broker))
        try run.waitUntilStreaming()
        try SQLScript(script("changes.sql")).run(on: database.connect()) {
            guard let atMoments else { return }
            try run.waitUntilCaughtUp(database)
            try atMoments()
        }
        try run.waitUntilCaughtUp(database)
        try run.stop()
    }

    private func configuration(
        _ database: TestDatabase, _ broker: EmbeddedBroker
    ) throws -> CaptureConfiguration {
        let properties = try properties()
        var configuration = CaptureConfiguration(
            source: try database.connectionString, slot: "slot_\(database.name)", publication: "fixture", prefix: "src",
            kafka: Redacted(["bootstrap.servers": broker.bootstrapServers]))
        configuration.requiresReplicaIdentity = false
        configuration.modes = try ConnectorModes(properties: properties)
        configuration.tombstones = properties["tombstones.on.delete"] != "false"
        configuration.truncates = properties["skipped.operations"] == "none"
        configuration.transactionMetadata = properties["provide.transaction.metadata"] == "true"
        return configuration
    }
}
