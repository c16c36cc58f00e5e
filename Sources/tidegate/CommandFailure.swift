import ArgumentParser
import Foundation

/// Why a command could not do its work, in words for the person who ran it.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// What the exit codes of all commands mean.
enum ExitStatus {
    /// The work was done, and it found what it is there to find: errors in a playbook, differences, a load not done.
    static let foundProblems = ExitCode(1)
    /// The work could not be done: an unusable playbook, a server not reached, a refusal.
    static let cannotRun = ExitCode(2)

    /// The paragraph about them in the help of a command that finds nothing: it does its work or it does not.
    static let helpWithoutProblems = """
        Exit status: 0 when the work was done; 2 when it could not be done; 64 for a mistake on the command line.
        """

    /// The paragraph about them in a command's help.
    static let help = """
        Exit status: 0 when all is well; 1 when the work was done and found problems; 2 when it could not be done; \
        64 for a mistake on the command line.
        """
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
