import CRDKafka

extension Admin {
    private static let turn = Duration.seconds(2)

    /// Makes a call that waits for an answer, in several turns. Between them the client is heard, so that credentials that
    /// are refused are renewed, and the error that is thrown at last says what the client complained of.
    func inTurns<Value>(
        _ timeout: Duration, _ call: (Duration) throws(KafkaError) -> Value
    ) throws(KafkaError) -> Value {
        let deadline = ContinuousClock.now + timeout
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            do {
                return try call(min(left, Self.turn))
            } catch {
                // What is heard may also be that the connection has been opened meanwhile.
                while unsafe rd_kafka_poll(client.pointer, 50) > 0 {}
                guard error.isRetriable, ContinuousClock.now < deadline else { throw complaint.behind(error) }
            }
        }
    }
}
