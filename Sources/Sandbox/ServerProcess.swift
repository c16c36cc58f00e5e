import Foundation

/// A running `postgres` and the shell that watches over it.
///
/// The shell holds the other end of a pipe of ours. When this process ends, however it ends, the pipe closes and the
/// shell stops the server and deletes its folder: nothing is left behind.
final class ServerProcess {
    private let process = Process()
    private let control = Pipe()

    /// Arguments: folder, binaries. Commands on standard input: `fast` or `immediate` stop the server and keep its folder.
    private static let script = """
        trap '' INT HUP TERM
        folder=$1
        "$2/postgres" -D "$folder/data" </dev/null >>"$folder/log" 2>&1 &
        server=$!
        until [ "$(sed -n '8s/ *$//p' "$folder/data/postmaster.pid" 2>/dev/null)" = ready ]; do
            kill -0 $server 2>/dev/null || { echo failed; exit 1; }
            sleep 0.02
        done
        echo ready
        exec >/dev/null 2>&1
        read -r command
        case $command in
            fast) kill -INT $server ;;
            *) kill -QUIT $server ;;
        esac
        wait $server
        [ -n "$command" ] || rm -rf "$folder"
        """

    /// Starts a server and waits until it takes connections.
    ///
    /// - Throws: `SandboxError` when it ended instead.
    init(folder: String, binaries: String, account: ServerAccount) throws {
        let (program, arguments) = account.command(["sh", "-c", ServerProcess.script, "sh", folder, binaries])
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.currentDirectoryURL = URL(fileURLWithPath: "/")
        process.standardInput = control
        let answer = Pipe()
        process.standardOutput = answer
        process.standardError = answer
        do { try process.run() } catch { throw SandboxError("cannot run \(program): \(error)") }
        // Its output is also the shell's errors and what the programs in between may have to say.
        var said = ""
        while !said.contains("ready\n") {
            let more = answer.fileHandleForReading.availableData
            if more.isEmpty { break }
            said += String(decoding: more, as: UTF8.self)
        }
        guard said.contains("ready\n") else {
            process.waitUntilExit()
            throw SandboxError("the PostgreSQL server did not start: \(said)")
        }
    }

    /// Stops the server and waits for its end.
    func stop(_ mode: PostgresCluster.StopMode) {
        try? control.fileHandleForWriting.write(contentsOf: Data("\(mode.rawValue)\n".utf8))
        try? control.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
