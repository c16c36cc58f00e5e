import Capture
import Foundation
import LibPQ
import Logging
import Model
import RDKafka
import Sandbox
import Synchronization
import TestSupport

/// A capture that runs on a thread of its own.
final class CaptureRun: Sendable {
    let service: CaptureService
    private let outcome = Mutex<(isOver: Bool, error: (any Error)?)>((false, nil))

    init(_ configuration: CaptureConfiguration) {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let service = CaptureService(configuration, logger: logger)
        self.service = service
        let thread = Thread { [self] in
            do {
                try service.run()
                outcome.withLock { $0 = (true, nil) }
            } catch {
                outcome.withLock { $0 = (true, error) }
            }
        }
        thread.start()
    }

    var isOver: Bool { outcome.withLock { $0.isOver } }

    /// The error that ended it.
    var error: (any Error)? { outcome.withLock { $0.error } }

    func waitUntilStreaming() throws {
        try waitUntil("the capture to stream") {
            if let error { throw error }
            return service.progress.phase == .streaming
        }
    }

    /// Waits until the slot has been moved past everything that the database has logged up to now.
    func waitUntilCaughtUp(_ database: TestDatabase) throws {
        let connection = try database.connect()
        let end = try connection.query("SELECT pg_current_wal_lsn()").scalar.flatMap(LSN.init)
        try waitUntil("the capture to catch up") {
            if let error { throw error }
            return service.progress.confirmed >= end ?? LSN(rawValue: .max)
        }
    }

    /// Stops it and waits for its end.
    func stop() throws {
        service.stop()
        try waitUntil("the capture to end", within: .seconds(60)) { isOver }
        if let error { throw error }
    }
}
