import Foundation
import Synchronization

/// An embedded broker as a process of its own: `tidegate broker`.
///
/// It ends with `stop()`, with this value, and with this process, however that ends: it watches its standard input. With a real
/// broker in `TIDEGATE_KAFKA` no process is started.
public final class BrokerProcess: Sendable {
    /// What goes into `bootstrap.servers`.
    public let bootstrapServers: String
    private let process = Mutex<Process?>(nil)
    private let control = Pipe()
    private let external: EmbeddedBroker?

    /// Starts a broker with these topics (name and number of partitions) and waits for its address.
    ///
    /// - Parameter executable: the path of `tidegate`.
    /// - Throws: `SandboxError` when it does not start.
    public init(
        executable: String, topics: [(name: String, partitions: Int)],
        external: String? = EmbeddedBroker.externalBootstrapServers
    ) throws {
        if let external, !external.isEmpty {
            let broker = try EmbeddedBroker(external: external)
            for topic in topics { try broker.createTopic(topic.name, partitions: topic.partitions) }
            self.external = broker
            bootstrapServers = broker.bootstrapServers
            return
        }
        self.external = nil
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = ["broker"] + topics.flatMap { ["--topic", "\($0.name):\($0.partitions)"] }
        let answer = Pipe()
        process.standardInput = control
        process.standardOutput = answer
        do { try process.run() } catch { throw SandboxError("cannot run \(executable): \(error)") }
        var line = Data()
        while !line.contains(UInt8(ascii: "\n")) {
            let more = answer.fileHandleForReading.availableData
            if more.isEmpty { break }
            line += more
        }
        let address = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard !address.isEmpty else {
            process.terminate()
            throw SandboxError("\(executable) broker did not start")
        }
        bootstrapServers = address
        self.process.withLock { $0 = process }
    }

    deinit { stop() }

    /// The process's id; nil with a real broker or after its end.
    public var processID: Int32? { process.withLock { $0?.processIdentifier } }

    /// Ends the process and waits for it.
    public func stop() {
        process.withLock { process in
            guard let running = process else { return }
            running.terminate()
            running.waitUntilExit()
            process = nil
        }
        try? external?.close()
    }
}
