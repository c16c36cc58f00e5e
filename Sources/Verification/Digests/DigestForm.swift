import LibPQ

/// How a row becomes a number of 64 bits that its digest adds up.
///
/// PostgreSQL promises for none of its hash functions that they give the same in another version or on another
/// architecture, so both sides are asked beforehand; MD5 is the same everywhere. A hash that differed after all would make
/// every row a suspect, and suspects are compared value by value: it costs time, never the truth.
enum DigestForm: String, CaseIterable {
    /// The record's own hash, without making text of it: the fastest.
    case record
    /// A hash of the record's text.
    case text
    /// MD5 of the record's text in UTF-8.
    case md5

    /// SQL of a row's hash.
    func hash(of values: [String]) -> String {
        let row = "ROW(\(values.joined(separator: ", ")))"
        switch self {
        case .record: return "hash_record_extended(\(row), 1)"
        case .text: return "hashtextextended(CAST(\(row) AS text) COLLATE \"C\", 1)"
        case .md5:
            return "CAST(CAST('x' || left(md5(convert_to(CAST(\(row) AS text), 'UTF8')), 16) AS bit(64)) AS bigint)"
        }
    }

    /// SQL of the digest of rows: their number and two sums. `rows` selects the hash as `h`; it stands apart, so that each
    /// hash is computed once. The second sum is over a hash of the hash: in the first, values of a column that two rows have
    /// exchanged could make up for each other.
    static func digest(_ rows: String) -> String {
        "SELECT count(*), coalesce(sum(h), 0), coalesce(sum(hashint8extended(h, 7)), 0) FROM (\(rows) OFFSET 0) AS r"
    }

    /// One of the columns of each type that is hashed as it is, to compare what the two sides make of it.
    private var probe: String {
        let values = [
            "CAST(-1 AS int2)", "CAST(70000 AS int4)", "CAST(5000000000 AS int8)", "CAST('Straße' AS text)", "true",
            "CAST('2026-02-28' AS date)", "CAST('2026-02-28 12:34:56.789' AS timestamp)",
            "CAST('2026-02-28 12:34:56.789+02' AS timestamptz)",
            "CAST('0d6a5c5e-1111-2222-3333-444455556666' AS uuid)", "CAST('\\x00ff80' AS bytea)",
            "CAST('12.50' AS numeric)", "CAST('-1e-30' AS numeric)", "CAST(0.1 AS float4)", "CAST(-0.5 AS float8)",
            "CAST(NULL AS text)",
        ]
        return Self.digest("SELECT \(hash(of: values)) AS h")
    }

    /// The fastest that gives the same on both sides.
    static func common(_ source: Connection, _ target: Connection) throws -> DigestForm {
        let encodings = try [source, target].map { try $0.query("SHOW server_encoding").scalar }
        for form in [DigestForm.record, .text] where encodings[0] == encodings[1] {
            if let here = try form.answer(of: source), here == (try form.answer(of: target)) { return form }
        }
        return .md5
    }

    /// nil where the server has no such function.
    private func answer(of connection: Connection) throws -> [String?]? {
        do {
            let result = try connection.query(probe)
            return (0..<result.columnCount).map { result[0, $0] }
        } catch {
            guard error.sqlState == .undefinedFunction else { throw error }
            return nil
        }
    }
}
