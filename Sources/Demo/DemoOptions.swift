/// How the demonstration is to run.
public struct DemoOptions: Sendable {
    /// Customers in the source; rows are about nine times as many.
    public var customers = 6000
    /// Connections that write to the source while it is moved.
    public var writers = 4
    /// Transactions a second of all writers together; each changes two to three rows.
    public var transactionsPerSecond = 250
    /// How long writes go on after the last wave is loaded.
    public var tail = Duration.seconds(5)
    /// Leave everything running at the end.
    public var keep = false
    /// The path of `tidegate`.
    public var executable: String

    /// The usual size.
    public init(executable: String) { self.executable = executable }
}
