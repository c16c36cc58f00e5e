import Sandbox

/// What kind of broker the tests use.
enum Broker {
    /// Whether it is the embedded one, which can be taken down and up.
    static var isMock: Bool { (EmbeddedBroker.externalBootstrapServers ?? "").isEmpty }
}
