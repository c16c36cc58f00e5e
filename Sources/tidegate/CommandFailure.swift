import ArgumentParser
import Foundation

/// Why a command could not do its work, in words for the person who ran it.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// What the exit codes of all commands mean.
enum ExitStatus {
    /// The work was done, and it found what it is there to find: errors in a playbook, a changed trail, a difference.
    static let foundProblems = ExitCode(1)
    /// The work could not be done: an unusable playbook, a server not reached, a refusal.
    static let cannotRun = ExitCode(2)
    /// What was asked could neither be proven nor refuted.
    static let unproven = ExitCode(3)

    /// The paragraph about them in a command's help.
    ///
    /// - Parameter problems: when the command ends with 1; nil for one that never does.
    static func help(
        _ done: String = "it was done", problems: String? = nil, cannot: String = "it could not be done"
    ) -> String {
        let found = problems.map { " 1 when \($0);" } ?? ""
        return "Exit status: 0 when \(done);\(found) 2 when \(cannot); 64 for a mistake on the command line."
    }
}

/// Runs a command's work; an error is printed, and the command ends with `cannotRun`.
func orExplain(_ work: () throws -> Void) throws {
    do {
        try work()
    } catch let code as ExitCode {
        throw code
    } catch {
        FileHandle.standardError.write(Data("tidegate: \(error)\n".utf8))
        throw ExitStatus.cannotRun
    }
}
