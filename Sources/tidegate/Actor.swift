import Foundation

/// For whom a command works: what the audit trail names.
enum Actor {
    /// The setting that says so in a session of the target.
    static let setting = "tidegate.actor"

    /// The person and the host. `TIDEGATE_ACTOR` says otherwise, for schedulers and shared accounts.
    static var current: String {
        let process = ProcessInfo.processInfo
        if let named = process.environment["TIDEGATE_ACTOR"], !named.isEmpty { return named }
        return "\(process.userName)@\(process.hostName)"
    }
}
