import ArgumentParser
import Foundation
import LibPQ
import Model
import Playbook

/// `tidegate init`: writes a first playbook.
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a first playbook by reading both catalogs.",
        discussion: """
            Tables are matched by name. Where the columns agree the fields are `same`; where they do not, what matches \
            is mapped and every gap stands in a comment. Two equal schemas give a playbook that passes `tidegate check`.

            A connection string may be a reference, '${env:NAME}' or '${file:/path}': it is looked up now and written \
            as the reference. A password in it is never written down: the playbook then refers to TIDEGATE_SOURCE and \
            TIDEGATE_TARGET in the environment.

            \(ExitStatus.help("it was written", cannot: "it could not be written"))
            """)

    @Option(help: ArgumentHelp("The source's connection string or a reference to it.", valueName: "dsn"))
    var source: String

    @Option(help: ArgumentHelp("The target's connection string or a reference to it.", valueName: "dsn"))
    var target: String

    @Option(help: ArgumentHelp("Brokers, separated by commas.", valueName: "host:port,..."))
    var brokers: String

    @Option(help: "The pattern of topic names; by default the source database's name, then {schema}.{table}.")
    var topics: String?

    @Option(help: "The migration's name; by default the source database's name.")
    var name: String?

    @Option(name: .shortAndLong, help: "The file to write; standard output without it.")
    var output: String?

    @Flag(help: "Replace the file if it is there.")
    var replace = false

    func run() throws {
        do {
            try write()
        } catch let error as ExitCode {
            throw error
        } catch {
            FileHandle.standardError.write(Data("tidegate init: \(error)\n".utf8))
            throw ExitStatus.cannotRun
        }
    }

    private func write() throws {
        if let output, !replace, FileManager.default.fileExists(atPath: output) {
            throw ValidationError("\(output) is there already: name another file, or give --replace")
        }
        let sourceText = try GivenConnection(source, variable: "TIDEGATE_SOURCE")
        let targetText = try GivenConnection(target, variable: "TIDEGATE_TARGET")
        let database = Self.word(sourceText.connection.database ?? "migration")
        let draft = try FirstPlaybook(
            .init(
                name: name ?? database, source: sourceText.written, target: targetText.written,
                brokers: brokers.split(separator: ",").map { String($0.filter { $0 != " " }) },
                topics: topics ?? "\(database).{schema}.{table}"),
            source: Connection(sourceText.connection, applicationName: "tidegate init"),
            target: Connection(targetText.connection, applicationName: "tidegate init"))
        // A playbook that cannot be read back is not handed out.
        if draft.entityCount > draft.leftOut.count || draft.leftOut.isEmpty {
            _ = try Playbook(parsing: draft.text, file: output ?? "playbook.yaml")
        }
        guard let output else { return print(draft.text, terminator: "") }
        try draft.text.write(toFile: output, atomically: true, encoding: .utf8)
        var said = "\(output): \(draft.entityCount) source tables matched"
        if !draft.leftOut.isEmpty {
            said +=
                "\nleft out, for the reasons in its comments: "
                + draft.leftOut.map(\.description).joined(separator: ", ")
        }
        for variable in [sourceText.mustSet, targetText.mustSet].compactMap({ $0 }) {
            said +=
                "\nset \(variable) in the environment: the connection string holds a password and is not written down"
        }
        print("\(said)\nnext: tidegate check -p \(output)")
    }

    /// What can be part of a topic's and a migration's name.
    private static func word(_ text: String) -> String {
        String(
            text.unicodeScalars.map {
                $0.isASCII && $0.properties.isAlphabetic || ("0"..."9").contains($0) ? Character($0) : "_"
            }.prefix(40))
    }
}

/// A connection string as it was given, and as a playbook may hold it.
private struct GivenConnection {
    let connection: ConnectionString
    let written: String
    /// A variable that the playbook refers to and that must be set.
    let mustSet: String?

    init(_ text: String, variable: String) throws {
        let secret = try SecretText(text, at: FileLocation(file: "command line", line: 1, column: 1))
        connection = try secret.connectionString()
        mustSet = secret.holdsPlainPassword ? variable : nil
        written = secret.holdsPlainPassword ? "${env:\(variable)}" : text
    }
}
