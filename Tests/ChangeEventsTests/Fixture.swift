import ChangeEvents
import Foundation

/// A recording of the real connector: a scenario in one variant of its configuration.
struct Fixture: CustomStringConvertible, Sendable {
    let scenario: String
    let variant: String

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/debezium/fixtures")

    var description: String { "\(scenario)/\(variant)" }
    var folder: URL { Self.folder.appending(path: "\(scenario)/\(variant)") }
    var isAvro: Bool { variant == "avro" }
    var isPostgres: Bool { scenario.hasPrefix("pg-") }

    /// All recordings, sorted by name.
    static let all: [Fixture] = {
        let files = FileManager.default
        let scenarios = (try? files.contentsOfDirectory(atPath: folder.path)) ?? []
        return scenarios.sorted().flatMap { scenario in
            let inside = (try? files.contentsOfDirectory(atPath: folder.appending(path: scenario).path)) ?? []
            return inside.sorted().filter { !$0.contains(".") }.map { Fixture(scenario: scenario, variant: $0) }
        }
    }()

    func events() throws -> [RecordedEvent] { try RecordedEvent.load(folder.appending(path: "events.jsonl")) }

    /// A file of the scenario, such as `setup.sql`.
    func script(_ name: String) throws -> String {
        try String(contentsOf: folder.deletingLastPathComponent().appending(path: name), encoding: .utf8)
    }

    /// The connector's configuration.
    func properties() throws -> [String: String] {
        let text = try String(contentsOf: folder.appending(path: "connector.properties"), encoding: .utf8)
        var properties: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { properties[String(parts[0])] = String(parts[1]) }
        }
        return properties
    }

    func modes() throws -> ConnectorModes { try ConnectorModes(properties: properties()) }
}
