import Foundation

/// A wall clock that can be set, for the processes started with its environment (Tests/FakeClock/clock.c).
struct FakeClock {
    let environment: [String: String]
    private let path: String

    /// A clock that is right.
    ///
    /// - Parameter library: `libFakeClock.so`.
    init(library: String, folder: String) throws {
        path = "\(folder)/clock"
        environment = ["LD_PRELOAD": library, "FAKE_CLOCK_FILE": path]
        try set(0)
    }

    /// Sets it so many seconds off; the processes see it within a second.
    func set(_ seconds: Int) throws { try "\(seconds)".write(toFile: path, atomically: true, encoding: .utf8) }
}
