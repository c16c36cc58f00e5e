import Foundation

/// A condition that did not come true in time.
public struct WaitedInVain: Error, CustomStringConvertible {
    /// What was waited for.
    public let description: String

    /// Says what.
    public init(_ description: String) { self.description = description }
}

/// Blocks until `condition` is true, looking again every few milliseconds.
///
/// - Parameter state: how things stand, to be said at the deadline.
/// - Throws: `WaitedInVain` at the deadline, or what `condition` throws.
public func waitUntil(
    _ what: String, within limit: Duration = .seconds(30), state: () throws -> String = { "" },
    _ condition: () throws -> Bool
) throws {
    let deadline = ContinuousClock.now + limit
    while try !condition() {
        guard ContinuousClock.now < deadline else {
            let state = (try? state()) ?? ""
            throw WaitedInVain("waited in vain for \(what)" + (state.isEmpty ? "" : "\n\(state)"))
        }
        Thread.sleep(forTimeInterval: 0.005)
    }
}
