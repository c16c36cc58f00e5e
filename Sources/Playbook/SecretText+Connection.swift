public import LibPQ
import Model

extension SecretText {
    /// The text as a connection string, its references looked up now, and again for each connection that is opened with it:
    /// a password that has changed meanwhile is taken up.
    ///
    /// - Throws: `PlaybookError` when a secret is missing or the text is no connection string, with the place.
    public func connectionString(environment: [String: String]? = nil) throws(PlaybookError) -> ConnectionString {
        let string = try lookUp(environment)
        guard !isLiteral else { return string }
        return string.renewed { try lookUp(environment) }
    }

    private func lookUp(_ environment: [String: String]?) throws(PlaybookError) -> ConnectionString {
        let text = try resolve(environment: environment)
        do {
            return try ConnectionString(text.reveal())
        } catch {
            let finding = Finding(
                .error, .badValue, at: location, "this is not a connection string",
                expected: "postgresql://user@host:port/database, or host=... port=... dbname=... user=...")
            throw PlaybookError(.invalid, "a connection string of the playbook cannot be read", findings: [finding])
        }
    }
}
