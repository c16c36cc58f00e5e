import LibPQ
import Model

extension SourceSession {
    /// Makes sure that the stream brings the changes of what is about to be loaded.
    ///
    /// A table that came into the playbook while an older capture ran is in no stream: its rows would be loaded, its
    /// idle topic would count as passed, and every change from then on would be missing without a word.
    ///
    /// - Parameter publications: the names that the connector's publication may have, the first that the source has being
    ///   meant. When it has none of them nothing is known.
    /// - Throws: `BaselineError` of code `unpublished`.
    func refuseUnpublished(_ tables: [TableName], by publications: [String]) throws {
        let found = try connection.query(
            """
            SELECT pubname, pubviaroot FROM pg_publication WHERE pubname = ANY ($1::text[])
            ORDER BY array_position($1::text[], pubname::text) LIMIT 1
            """, [.array(publications)])
        guard let row = found.rows.first, let publication = row[0] else { return }
        // Tables as events name them: partitions, or their root in their place.
        let published = try connection.query(
            "SELECT schemaname, tablename FROM pg_publication_tables WHERE pubname = $1", [.text(publication)])
        let present = Set(
            published.rows.compactMap { row in
                row[0].flatMap { schema in row[1].map { TableName(schema: schema, name: $0) } }
            })
        let missing = Set(tables).subtracting(present).sorted()
        guard !missing.isEmpty else { return }
        let advice = try missing.map {
            try self.advice(for: $0, in: quotedIdentifier(publication), namesRoots: row.bool("pubviaroot") == true)
        }
        throw BaselineError(
            .unpublished,
            "the publication \(publication) brings no changes of \(missing.map(\.description).joined(separator: ", ")): "
                + "loaded rows would never be kept current. \(advice.joined(separator: "; ")). Then load again")
    }

    private func advice(for table: TableName, in publication: String, namesRoots: Bool) throws -> String {
        let kind = try connection.query(
            "SELECT relkind, relispartition FROM pg_class WHERE oid = to_regclass($1)", [.text(table.quoted)])
        guard let row = kind.rows.first else { return "\(table) is not there" }
        if row["relkind"] == "p", !namesRoots {
            return "Changes of \(table) may come under the names of its partitions: "
                + "ALTER PUBLICATION \(publication) SET (publish_via_partition_root = true)"
        }
        if row.bool("relispartition") == true, namesRoots {
            return "Changes of \(table) come under the name of the table that it is a partition of: take that one"
        }
        return "Start the capture again with this playbook, or ALTER PUBLICATION \(publication) "
            + "ADD TABLE \(table.quoted)"
    }
}
