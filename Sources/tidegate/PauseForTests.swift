import Foundation

#if canImport(Glibc)
import Glibc
#endif

/// Stops the process at a named moment, so that a test can kill it exactly there.
///
/// The environment variable `TIDEGATE_PAUSE_AT` holds the moment's name, and after a colon which time it is meant (the
/// first, if nothing is said). Without the variable nothing ever stops.
enum PauseForTests {
    private static let wanted: (name: String, time: Int)? = {
        guard let text = ProcessInfo.processInfo.environment["TIDEGATE_PAUSE_AT"] else { return nil }
        let parts = text.split(separator: ":", maxSplits: 1)
        return (String(parts.first ?? ""), parts.count > 1 ? Int(parts[1]) ?? 1 : 1)
    }()
    private static let passed = Counter()

    /// Stops here if this is the moment.
    static func at(_ name: String) {
        guard let wanted, wanted.name == name, passed.increment() == wanted.time else { return }
        FileHandle.standardError.write(Data("paused at \(name)\n".utf8))
        kill(getpid(), SIGSTOP)
    }
}
