import LibPQ
public import Logging
import Model
import RDKafka
import Synchronization

/// Captures a PostgreSQL database's changes into Kafka topics, in the form of Debezium's connector.
///
/// The slot is confirmed only up to what the broker has acknowledged: a crash at any moment sends some events again, with
/// the same positions, and loses none. Database or broker gone: it waits, longer each time up to ten seconds, and goes on
/// from the confirmed position.
public final class CaptureService: Sendable {
    private let configuration: CaptureConfiguration
    private let logger: Logger
    private let stopSignal = StopSignal()
    private let state = Mutex(CaptureProgress())

    /// A service that does nothing until `run()`.
    public init(_ configuration: CaptureConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// How far it has come.
    public var progress: CaptureProgress { state.withLock { $0 } }

    /// Asks `run()` to send what it has, confirm it and return. May be called from any thread, also before `run()`.
    public func stop() { stopSignal.request() }

    /// Captures until `stop()`; blocks its thread.
    ///
    /// - Throws: what does not pass by itself: `CaptureError`, `PostgresError` and `KafkaError` that are not retriable.
    public func run() throws {
        defer { state.withLock { $0.phase = .stopped } }
        var wait = CaptureService.shortestWait
        while true {
            let before = progress
            do {
                let session = CaptureSession(configuration, stop: stopSignal, logger: logger, progress: before) {
                    [self] progress in state.withLock { $0 = progress }
                }
                try session.run()
                return
            } catch is SlotPreparation.Stopped {
                return
            } catch {
                guard isPassing(error) else { throw error }
                if stopSignal.isRequested { return }
                if progress.confirmed > before.confirmed { wait = CaptureService.shortestWait }
                logger.warning(
                    "Capture interrupted, trying again",
                    metadata: ["error": "\(error)", "capture.slot": "\(configuration.slot)", "wait": "\(wait)"])
                state.withLock { state in
                    state.phase = .connecting
                    state.restarts += 1
                }
                stopSignal.sleep(wait)
                if stopSignal.isRequested { return }
                wait = min(wait * 2, .seconds(10))
            }
        }
    }

    private static let shortestWait = Duration.milliseconds(100)

    private func isPassing(_ error: any Error) -> Bool {
        switch error {
        // Another process has the slot, or the server has not noticed yet that our last session is gone.
        // What refuses the login of one that has been let in may be a change of passwords that is under way.
        case let error as PostgresError:
            error.isRetriable || error.sqlState == .objectInUse
                || error.isRefusedLogin && progress.confirmed.rawValue > 0
        case let error as KafkaError: error.isRetriable || error.isFatal
        case let error as CaptureError: error.code == .tooLarge
        default: false
        }
    }
}
