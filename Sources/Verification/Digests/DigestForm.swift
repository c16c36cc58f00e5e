import LibPQ

/// How a row becomes a number of 64 bits that its digest adds up.
///
/// PostgreSQL promises for none of its hash functions that they give the same in another version or on another
/// architecture, so both sides are asked beforehand; MD5 is the same everywhere. A hash that differed after all would make
/// every row a suspect, and suspects are compared value by value: it costs time, never the truth.
enum DigestForm: String, CaseIterable {
    /// The values' own hashes, each the seed of the next, without making text of them: the fastest.
    case values
    /// A hash of the row's text.
    case text
    /// MD5 of the row's text in UTF-8.
    case md5

    /// A value of a row, as SQL.
    struct Value {
        let sql: String
        /// The function that hashes it, and what stands for NULL there; nil: the hash of a record.
        var function: (name: String, stand: String)?
        var isNeverNull = false

        /// Its hash, which goes on from that of the values before it.
        fileprivate func hash(after seed: String) -> String {
            guard let function else { return seed }
            let value = isNeverNull ? sql : "coalesce(\(sql), \(function.stand))"
            let isText = function.stand == "''"
            return "\(function.name)(\(value)\(isText ? " COLLATE \"C\"" : ""), \(seed))"
        }
    }

    /// SQL of a row's hash.
    func hash(of values: [Value]) -> String {
        let row = "ROW(\(values.map(\.sql).joined(separator: ", ")))"
        switch self {
        case .values: return Self.chain(values)
        case .text: return "hashtextextended(CAST(\(row) AS text) COLLATE \"C\", 1)"
        case .md5:
            return "CAST(CAST('x' || left(md5(convert_to(CAST(\(row) AS text), 'UTF8')), 16) AS bit(64)) AS bigint)"
        }
    }

    /// Hashes value after value. A NULL is hashed as what stands for it, so which values are NULL is hashed beforehand.
    private static func chain(_ values: [Value]) -> String {
        let plain = values.filter { $0.function == nil }.map(\.sql)
        var hash =
            plain.isEmpty ? "CAST(1 AS bigint)" : "hash_record_extended(ROW(\(plain.joined(separator: ", "))), 1)"
        let nullable = values.filter { $0.function != nil && !$0.isNeverNull }.map(\.sql)
        if !nullable.isEmpty {
            let nulls = (plain + nullable.map { "\($0) IS NULL" }).joined(separator: ", ")
            hash = """
                CASE WHEN num_nulls(\(nullable.joined(separator: ", "))) = 0 THEN \(hash) \
                ELSE hash_record_extended(ROW(\(nulls)), 2) END
                """
        }
        return values.reversed().reduce(hash) { $1.hash(after: $0) }
    }

    /// SQL of the digest of rows: their number and two sums. `rows` selects the hash as `h`; it stands apart, so that each
    /// hash is computed once. The second sum is over a hash of the hash.
    static func digest(_ rows: String) -> String {
        "SELECT count(*), coalesce(sum(h), 0), coalesce(sum(hashint8extended(h, 7)), 0) FROM (\(rows) OFFSET 0) AS r"
    }

    /// One of the columns of each type that is hashed as it is, to compare what the two sides make of it.
    private var probe: String {
        let values = [
            Value(sql: "CAST(-1 AS int2)", function: ("hashint2extended", "'0'")),
            Value(sql: "CAST(70000 AS int4)", function: ("hashint4extended", "'0'")),
            Value(sql: "CAST(5000000000 AS int8)", function: ("hashint8extended", "'0'"), isNeverNull: true),
            Value(sql: "CAST('Straße' AS text)", function: ("hashtextextended", "''")),
            Value(sql: "CAST(NULL AS text)", function: ("hashtextextended", "''")),
            Value(sql: "CAST('ab' AS bpchar)", function: ("hashbpcharextended", "''")),
            Value(sql: "CAST('-1.50e-3' AS numeric)", function: ("hash_numeric_extended", "'0'")),
            Value(sql: "CAST(0.1 AS float4)", function: ("hashfloat4extended", "'0'")),
            Value(sql: "CAST(-0.5 AS float8)", function: ("hashfloat8extended", "'0'")), Value(sql: "true"),
            Value(sql: "CAST('2026-02-28' AS date)"), Value(sql: "CAST('2026-02-28 12:34:56.789' AS timestamp)"),
            Value(sql: "CAST('2026-02-28 12:34:56.789+02' AS timestamptz)"),
            Value(sql: "CAST('0d6a5c5e-1111-2222-3333-444455556666' AS uuid)"),
            Value(sql: "CAST('\\x00ff80' AS bytea)"),
        ]
        return Self.digest("SELECT \(hash(of: values)) AS h")
    }

    /// The fastest that gives the same on both sides.
    static func common(_ source: Connection, _ target: Connection) throws -> DigestForm {
        let encodings = try [source, target].map { try $0.query("SHOW server_encoding").scalar }
        for form in [DigestForm.values, .text] where encodings[0] == encodings[1] {
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
