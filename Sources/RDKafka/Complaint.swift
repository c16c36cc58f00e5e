import Synchronization

/// What a client last complained of: it names the broker and the reason, where a call knows only that it got no answer.
final class Complaint: Sendable {
    private let last = Mutex<KafkaError?>(nil)

    func note(_ error: KafkaError) {
        guard error.code != .allBrokersDown else { return }
        last.withLock { $0 = error }
    }

    /// An error of a call with what is behind it.
    func behind(_ error: KafkaError) -> KafkaError {
        guard let cause = last.withLock({ $0 }) else { return error }
        return KafkaError(
            code: cause.code, message: "\(error.message): \(cause.message)", isRetriable: error.isRetriable)
    }
}
