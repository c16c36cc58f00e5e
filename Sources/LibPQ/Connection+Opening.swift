internal import CLibPQ

extension Connection {
    /// Opens a connection and waits until it is ready.
    ///
    /// Done in steps and not by `PQconnectdbParams`, since only so libpq can be told to report SQLSTATEs of a refused
    /// login: whether to try again is decided by them.
    static func open(_ string: ConnectionString) throws(PostgresError) -> OpaquePointer {
        let string = try string.current()
        let started = unsafe string.withKeywords { keywords, values in unsafe PQconnectStartParams(keywords, values, 0)
        }
        guard let pointer = unsafe started else { throw PostgresError(.connection, "out of memory") }
        unsafe PQsetErrorVerbosity(pointer, PQERRORS_VERBOSE)
        // libpq's default prints notices to standard error; some come before the connection is ready.
        _ = unsafe PQsetNoticeReceiver(pointer, { _, _ in }, nil)
        guard unsafe finishConnecting(pointer, within: string.connectTimeout) else {
            var report = unsafe String(cString: PQerrorMessage(pointer))
            if report.inOneLine.isEmpty { report = "no answer within \(string.connectTimeout ?? .zero)" }
            unsafe PQfinish(pointer)
            throw PostgresError(connectingTo: string, report: report)
        }
        unsafe PQsetErrorVerbosity(pointer, PQERRORS_DEFAULT)
        return unsafe pointer
    }

    private static func finishConnecting(_ pointer: OpaquePointer, within timeout: Duration?) -> Bool {
        let clock = ContinuousClock()
        let deadline = timeout.map { clock.now + $0 }
        // As libpq demands: before the first poll behave as if it had asked to write.
        var wanted = PGRES_POLLING_WRITING
        while unsafe PQstatus(pointer) != CONNECTION_BAD {
            let left = deadline.map { clock.now.duration(to: $0) }
            if let left, left <= .zero { return false }
            guard SocketWait.ready(unsafe PQsocket(pointer), writing: wanted == PGRES_POLLING_WRITING, timeout: left)
            else { continue }
            wanted = unsafe PQconnectPoll(pointer)
            if wanted == PGRES_POLLING_OK { return true }
            if wanted == PGRES_POLLING_FAILED { return false }
        }
        return false
    }
}

extension PostgresError {
    /// A failure to connect from libpq's report in verbose form: `... failed: FATAL:  28P01: <message>`, then further
    /// fields on lines of their own.
    init(connectingTo string: ConnectionString, report: String) {
        var state: SQLState?
        var lines: [String] = []
        for line in report.split(separator: "\n") {
            if let found = PostgresError.verboseState(in: line) {
                state = SQLState(rawValue: String(line[found]))
                lines.append(String(line[..<found.lowerBound] + line[found.upperBound...].dropFirst(2)))
            } else if !line.hasPrefix("LOCATION:") {
                lines.append(String(line))
            }
        }
        let ours = "cannot connect to \(string)"
        let words = lines.joined(separator: "; ")
        let advice = state == nil ? TLSAdvice(words)?.text(for: string) : nil
        self.init(refusal: "\(ours): \(words)\(advice.map { "; " + $0 } ?? "")", ours: ours, sqlState: state)
    }

    /// Where in `line` the SQLSTATE stands: after two spaces, five capitals or digits, then a colon.
    private static func verboseState(in line: Substring) -> Range<Substring.Index>? {
        var rest = line
        while let colon = rest.firstIndex(of: ":") {
            rest = line[line.index(after: colon)...]
            guard rest.hasPrefix("  ") else { continue }
            let candidate = rest.dropFirst(2).prefix(5)
            let isState = candidate.count == 5 && candidate.allSatisfy { $0.isASCII && ($0.isNumber || $0.isUppercase) }
            if isState, rest.dropFirst(7).first == ":" { return candidate.startIndex..<candidate.endIndex }
        }
        return nil
    }
}
