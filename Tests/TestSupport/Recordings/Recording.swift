public import Foundation

/// A recording of the real connector: a scenario in one variant of its configuration.
public struct Recording: CustomStringConvertible, Sendable {
    /// The source and what happens on it: `pg-toast`.
    public let scenario: String
    /// How the connector was configured: `json-schema`.
    public let variant: String

    /// Where all recordings are.
    public static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/debezium/fixtures")

    /// The recording of a scenario in a variant.
    public init(scenario: String, variant: String) {
        self.scenario = scenario
        self.variant = variant
    }

    /// All recordings, sorted by name.
    public static let all: [Recording] = {
        let files = FileManager.default
        let scenarios = (try? files.contentsOfDirectory(atPath: folder.path)) ?? []
        return scenarios.sorted().flatMap { scenario in
            let inside = (try? files.contentsOfDirectory(atPath: folder.appending(path: scenario).path)) ?? []
            return inside.sorted().filter { !$0.contains(".") }.map { Recording(scenario: scenario, variant: $0) }
        }
    }()

    public var description: String { "\(scenario)/\(variant)" }
    /// Where its files are.
    public var folder: URL { Self.folder.appending(path: "\(scenario)/\(variant)") }
    /// Whether its events are Avro.
    public var isAvro: Bool { variant == "avro" }
    /// Whether its source is PostgreSQL.
    public var isPostgres: Bool { scenario.hasPrefix("pg-") }

    /// A file of the scenario, such as `setup.sql`.
    public func script(_ name: String) throws -> String {
        try String(contentsOf: folder.deletingLastPathComponent().appending(path: name), encoding: .utf8)
    }

    /// The connector's configuration.
    public func properties() throws -> [String: String] {
        let text = try String(contentsOf: folder.appending(path: "connector.properties"), encoding: .utf8)
        var properties: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { properties[String(parts[0])] = String(parts[1]) }
        }
        return properties
    }
}
