import Foundation

/// The PostgreSQL server programs of this machine.
public struct PostgresInstallation: Sendable {
    /// The folder that holds `initdb` and `postgres`.
    public let binaries: String

    /// Finds them: in `TIDEGATE_POSTGRES_BIN`, beside `pg_config`, or the newest of Debian's versions.
    ///
    /// - Throws: `SandboxError`, naming the package to install.
    public init() throws {
        var candidates: [String] = []
        if let chosen = ProcessInfo.processInfo.environment["TIDEGATE_POSTGRES_BIN"] { candidates.append(chosen) }
        if let found = try? Command.output("pg_config", ["--bindir"]) { candidates.append(found) }
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        candidates += versions.compactMap(Int.init).sorted(by: >).map { "\(root)/\($0)/bin" }
        let complete = candidates.first { folder in
            ["initdb", "postgres"].allSatisfy { FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)") }
        }
        guard let complete else {
            throw SandboxError(
                "no PostgreSQL server programs (initdb, postgres) found; install them: apt-get install postgresql")
        }
        binaries = complete
    }
}
