/// A table of the source, its counterpart in the target, and what each row must look like on both sides.
///
/// Written by hand and apart from the playbook: it says again what the migration is to do.
package struct ComparedTable {
    let name: String
    let source: String
    let target: String
    /// The key as text, on both sides; rows are read in its order under the C collation.
    let key: String
    let sourceColumns: String
    let targetColumns: String

    init(
        _ name: String, source: String, target: String, key: String, sourceColumns: String, targetColumns: String? = nil
    ) {
        self.name = name
        self.source = source
        self.target = target
        self.key = key
        self.sourceColumns = sourceColumns
        self.targetColumns = targetColumns ?? sourceColumns
    }

    package static let all: [ComparedTable] = [
        ComparedTable(
            "customers", source: "shop.customers", target: "crm.customer", key: "id::text",
            sourceColumns: """
                id, public_id, region, first_name || ' ' || last_name, lower(email),
                CASE tier WHEN 'basic' THEN 1 WHEN 'plus' THEN 2 WHEN 'gold' THEN 3 END, referred_by, signed_up, created_at,
                calls_from, grace, credit_limit, balance, score, active, tags, preferences, last_seen_from
                """,
            targetColumns: """
                id, public_id, region, full_name, email, tier_id, referred_by, signed_up, created_at, calls_from, grace,
                credit_limit, balance, score, active, tags, preferences, last_seen_from
                """),
        ComparedTable(
            "orders", source: "shop.orders", target: "crm.orders", key: "id::text",
            sourceColumns: "id, customer_id, region, state, placed_at, due, currency, total, paid_at, note"),
        ComparedTable(
            "lines", source: "shop.order_lines", target: "crm.order_line", key: "order_id || '/' || line_no",
            sourceColumns: "order_id, line_no, sku, quantity, price, discount"),
        ComparedTable(
            "tickets", source: "shop.tickets", target: "crm.ticket", key: "id::text",
            sourceColumns:
                "id, customer_id, parent_id, subject, priority, labels, opened_at, closed_at, history, body"),
        ComparedTable(
            "attachments", source: "shop.attachments", target: "crm.attachment", key: "ticket_id || '/' || name",
            sourceColumns: "ticket_id, name, media_type, content, checksum, downloads"),
        ComparedTable("probe", source: "shop.probe", target: "crm.probe", key: "id::text", sourceColumns: "id, number"),
    ]

    var sourceQuery: String { query(source, sourceColumns) }
    var targetQuery: String { query(target, targetColumns) }

    private func query(_ table: String, _ columns: String) -> String {
        """
        SELECT (\(key)) COLLATE "C" AS key, ROW(\(columns))::text FROM \(table) ORDER BY 1
        """
    }
}
