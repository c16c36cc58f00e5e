import Foundation

#if canImport(Glibc)
import Glibc
#endif

/// The account that a server runs under: PostgreSQL refuses to run as root.
struct ServerAccount {
    /// What to put before a command to run it under that account.
    let prefix: [String]

    /// This process's own account or, when that is root, the first of `postgres` and `nobody` that exists.
    init() throws {
        guard geteuid() == 0 else {
            prefix = []
            return
        }
        for name in ["postgres", "nobody"] {
            if let user = try? Command.output("id", ["-u", name]), let group = try? Command.output("id", ["-g", name]) {
                prefix = ["setpriv", "--reuid", user, "--regid", group, "--clear-groups"]
                return
            }
        }
        throw SandboxError("PostgreSQL does not run as root, and there is no account postgres or nobody to run it as")
    }

    /// The program to start and its arguments, for a command under that account.
    func command(_ command: [String]) -> (program: String, arguments: [String]) {
        let all = prefix + command
        return (all[0], Array(all.dropFirst()))
    }
}
