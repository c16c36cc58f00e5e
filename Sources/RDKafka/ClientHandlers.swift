/// What a client tells besides answers to calls. All are called on the thread that polls, except `log`.
public struct ClientHandlers: Sendable {
    /// An error of the client as a whole, such as a broker that cannot be reached; most mend themselves.
    public var onError: (@Sendable (KafkaError) -> Void)?
    /// Statistics as librdkafka's JSON, every `statistics.interval.ms`.
    public var onStatistics: (@Sendable (String) -> Void)?
    /// Asked for when a broker has refused the client's credentials: what is given is used from the next connection on. What
    /// it throws is told as an error. It may block for some seconds.
    public var renewCredentials: (@Sendable () throws -> Credentials?)?
    /// A log line: syslog severity (3 error, 4 warning, 6 info, 7 debug), facility, text. Called on librdkafka's threads; must
    /// not call back into the client.
    public var log: (@Sendable (_ severity: Int, _ facility: String, _ text: String) -> Void)?

    /// The handlers given; without one, that kind of news is dropped.
    public init(
        onError: (@Sendable (KafkaError) -> Void)? = nil,
        onStatistics: (@Sendable (String) -> Void)? = nil,
        renewCredentials: (@Sendable () throws -> Credentials?)? = nil,
        log: (@Sendable (_ severity: Int, _ facility: String, _ text: String) -> Void)? = nil
    ) {
        self.onError = onError
        self.onStatistics = onStatistics
        self.renewCredentials = renewCredentials
        self.log = log
    }
}
