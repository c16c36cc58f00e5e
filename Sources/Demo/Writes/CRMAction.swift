/// One transaction that people who use the new system make while the old one is live too.
enum CRMAction: CaseIterable {
    case setCreditLimit, advanceOrder, placeOrder

    /// The statement. The server picks the rows.
    var sql: String {
        switch self {
        case .setCreditLimit:
            """
            UPDATE crm.customer SET credit_limit = round((random() * 9000)::numeric, 2) WHERE id = (\(Self.customer))
            """
        case .advanceOrder:
            """
            UPDATE crm.orders o SET note = 'seen by the CRM',
                state = (enum_range(o.state, NULL))[least(2, array_length(enum_range(o.state, NULL), 1))]
            WHERE id = (SELECT id FROM crm.orders WHERE region = 'EU' AND
                id >= (SELECT 1 + random() * 0.99 * max(id) FROM crm.orders) ORDER BY id LIMIT 1)
            """
        case .placeOrder:
            """
            INSERT INTO crm.orders (customer_id, region, state, placed_at, currency, total)
            SELECT id, 'EU', 'new', clock_timestamp(), 'EUR', round((random() * 900)::numeric, 2) FROM (\(Self.customer)) c
            """
        }
    }

    private static let customer = """
        SELECT id FROM crm.customer
        WHERE id >= (SELECT 1 + random() * 0.97 * max(id) FROM crm.customer) ORDER BY id LIMIT 1
        """
}
