import Dispatch
import Foundation

#if canImport(Glibc)
import Glibc
#endif

/// Waits until this process is told to end: SIGTERM, SIGINT, or the end of a pipe on its standard input.
final class EndOfWork {
    private let told = DispatchSemaphore(value: 0)
    private var sources: [any DispatchSourceProtocol] = []

    /// Starts to watch; from here on the signals do not end the process by themselves.
    ///
    /// - Parameter onEnd: called once for each of them that comes, on a thread of its own.
    init(watchingStandardInput: Bool, onEnd: @escaping @Sendable () -> Void = {}) {
        let queue = DispatchQueue(label: "end-of-work")
        for number in [SIGTERM, SIGINT] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { [told] in
                told.signal()
                onEnd()
            }
            source.resume()
            sources.append(source)
        }
        guard watchingStandardInput, Self.standardInputIsPipe else { return }
        let source = DispatchSource.makeReadSource(fileDescriptor: STDIN_FILENO, queue: queue)
        source.setEventHandler { [told] in
            var byte: UInt8 = 0
            guard read(STDIN_FILENO, &byte, 1) <= 0 else { return }
            told.signal()
            onEnd()
        }
        source.resume()
        sources.append(source)
    }

    /// Waits for the first of them.
    func wait() {
        told.wait()
        for source in sources { source.cancel() }
    }

    private static var standardInputIsPipe: Bool {
        var status = stat()
        return fstat(STDIN_FILENO, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
    }
}
