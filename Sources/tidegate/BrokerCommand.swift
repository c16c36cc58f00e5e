import ArgumentParser
import Foundation
import RDKafka
import Sandbox

/// `tidegate broker`: the embedded broker as a process of its own, for the demo and for tests.
struct BrokerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "broker",
        abstract: "Run an embedded Kafka broker for demonstrations and tests.",
        discussion: """
            librdkafka's mock cluster: it keeps about 5 MiB per partition in memory and nothing on disk. Prints its \
            bootstrap address on one line. Ends on SIGTERM or SIGINT, or when a pipe on standard input closes.
            """,
        shouldDisplay: false)

    @Option(name: .customLong("topic"), help: ArgumentHelp("A topic to make.", valueName: "name:partitions"))
    var topics: [TopicArgument] = []

    func run() throws {
        let broker = try MockCluster()
        for topic in topics { try broker.createTopic(topic.name, partitions: topic.partitions) }
        let end = EndOfWork(watchingStandardInput: true)
        FileHandle.standardOutput.write(Data("\(broker.bootstrapServers)\n".utf8))
        end.wait()
        withExtendedLifetime(broker) {}
    }
}

/// `name:partitions`.
struct TopicArgument: ExpressibleByArgument {
    let name: String
    let partitions: Int

    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":"), let count = Int(argument[argument.index(after: colon)...]),
            (1...10_000).contains(count), colon > argument.startIndex
        else { return nil }
        name = String(argument[..<colon])
        partitions = count
    }
}
