internal import CLibPQ

/// Where and how to connect: libpq's URI (`postgresql://user@host:port/database?sslmode=require`) or keyword form
/// (`host=... dbname=...`). Every libpq keyword passes through, TLS modes included.
///
/// It holds the password, so it never shows itself: `description` names user, host, port and database only.
public struct ConnectionString: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// libpq keywords and their values.
    private let values: [String: String]
    /// Looks the whole string up anew.
    private let renewal: Renewal?

    /// Looks a connection string up where it comes from.
    public typealias Renewal = @Sendable () throws -> ConnectionString

    /// Reads either form.
    ///
    /// - Throws: `.usage` when it is malformed or has an unknown keyword. The message does not quote the text, since
    ///   any part of it may be the password.
    public init(_ text: String) throws(PostgresError) {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = unsafe PQconninfoParse(text, &message) else {
            var reason = "out of memory"
            if let message = unsafe message {
                reason = unsafe String(cString: message)
                unsafe PQfreemem(message)
            }
            while reason.last?.isWhitespace == true { reason.removeLast() }
            throw PostgresError(
                .usage, "malformed connection string: \(PostgresError.withoutQuotedParts(reason))")
        }
        defer { unsafe PQconninfoFree(options) }
        var values: [String: String] = [:]
        var option = unsafe options
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                unsafe values[String(cString: keyword)] = unsafe String(cString: value)
            }
            unsafe option += 1
        }
        if values["host"]?.contains("@") == true {
            throw PostgresError(
                .usage, "malformed connection string: more than one @; write an @ of the password as %40")
        }
        if values["port"]?.allSatisfy({ "0123456789,".contains($0) }) == false {
            throw PostgresError(.usage, "malformed connection string: the port is not a number")
        }
        self.values = values
        renewal = nil
    }

    private init(values: [String: String], renewal: Renewal?) {
        self.values = values
        self.renewal = renewal
    }

    /// The same, which `renewal` is asked for again whenever a connection is opened with it, so that a password may change
    /// while a process runs. What `renewal` throws becomes a failure to connect, which may pass.
    public func renewed(by renewal: @escaping Renewal) -> ConnectionString {
        ConnectionString(values: values, renewal: renewal)
    }

    /// As it is now, where it comes from.
    ///
    /// - Throws: `.connection` when that cannot be looked up.
    func current() throws(PostgresError) -> ConnectionString {
        do {
            return try renewal?() ?? self
        } catch {
            let reason = "\(error)".split(whereSeparator: \.isNewline).map { $0.trimmingPrefix { $0 == " " } }
            throw PostgresError(.connection, "cannot connect to \(self): \(reason.joined(separator: "; "))")
        }
    }

    /// The same with `parameters` (libpq keywords) put in place of what was there.
    public func with(parameters: [String: String]) -> ConnectionString {
        changed { $0.merging(parameters) { _, new in new } }
    }

    /// The same with the parameters of `defaults` that are not set here.
    func withDefaults(_ defaults: [String: String]) -> ConnectionString {
        changed { defaults.merging($0) { _, own in own } }
    }

    private func changed(_ change: @escaping @Sendable ([String: String]) -> [String: String]) -> ConnectionString {
        let renewal = self.renewal.map { renewal -> Renewal in { try renewal().changed(change) } }
        return ConnectionString(values: change(values), renewal: renewal)
    }

    /// The value of a libpq keyword that is no secret.
    subscript(keyword: String) -> String? { keyword.contains("password") ? nil : values[keyword] }

    /// The host, or nil for libpq's default.
    public var host: String? { values["host"] ?? values["hostaddr"] }
    /// The port, or nil for libpq's default.
    public var port: String? { values["port"] }
    /// The database, or nil for libpq's default.
    public var database: String? { values["dbname"] }
    /// The user, or nil for libpq's default.
    public var user: String? { values["user"] }

    /// How long connecting may take over all hosts; nil for ever.
    var connectTimeout: Duration? {
        guard let seconds = values["connect_timeout"].flatMap(Int.init), seconds > 0 else { return nil }
        let hosts = (values["host"] ?? values["hostaddr"] ?? "").split(separator: ",").count
        return .seconds(seconds * max(1, hosts))
    }

    public var description: String {
        "\(user.map { $0 + "@" } ?? "")\(host ?? "localhost")\(port.map { ":" + $0 } ?? "")/\(database ?? "")"
    }

    public var debugDescription: String { description }

    public var customMirror: Mirror { Mirror(self, children: [:]) }

    /// Keywords and values apart, each list ended by nil, as `PQconnectdbParams` wants them.
    func withKeywords<R>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) -> R
    ) -> R {
        let pairs = values.sorted { $0.key < $1.key }
        let keywords = CStrings(pairs.map(\.key))
        let values = CStrings(pairs.map(\.value))
        return unsafe keywords.withPointers { keywords in
            unsafe values.withPointers { values in unsafe body(keywords, values) }
        }
    }
}
