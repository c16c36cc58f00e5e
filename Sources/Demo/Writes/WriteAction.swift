/// One transaction that people who use the shop make.
package enum WriteAction: CaseIterable {
    case placeOrder, advanceOrder, changeLine, openTicket, answerTicket, editCustomer, newCustomer
    case deleteOrder, deleteTicket, renameAttachment, renumberLine, replaceAttachment, changeTicketID, moveCustomer

    /// How often it happens, relative to the others.
    var weight: Int {
        switch self {
        case .placeOrder: 28
        case .advanceOrder: 20
        case .changeLine: 12
        case .openTicket: 8
        case .answerTicket: 12
        case .editCustomer: 5
        case .newCustomer: 3
        case .deleteOrder: 4
        case .deleteTicket: 2
        case .renameAttachment: 2
        case .renumberLine: 2
        case .replaceAttachment: 1
        case .changeTicketID, .moveCustomer: 1
        }
    }

    /// One at random, by weight.
    package static func random(using generator: inout some RandomNumberGenerator) -> WriteAction {
        var left = Int.random(in: 0..<allCases.reduce(0) { $0 + $1.weight }, using: &generator)
        for action in allCases {
            left -= action.weight
            if left < 0 { return action }
        }
        return .placeOrder
    }

    /// The statements of the transaction. The server picks the rows.
    ///
    /// - Parameter orders: a condition over customers and orders alike: of whom orders are made and changed here.
    package func sql(orders: String) -> String {
        switch self {
        case .placeOrder:
            """
            WITH o AS (
                INSERT INTO shop.orders (customer_id, region, total, due, note)
                SELECT id, region, round((random() * 900)::numeric, 2), current_date + 14, CASE WHEN random() < 0.2 THEN 'rush' END
                FROM (\(Self.customer(orders))) c RETURNING id, customer_id, total
            ), l AS (
                INSERT INTO shop.order_lines
                SELECT o.id, n, 'SKU-' || (random() * 900)::int, 1 + (random() * 8)::int, random() * 100,
                    CASE WHEN random() < 0.3 THEN random() END
                FROM o, generate_series(1, 1 + (random() * 3)::int) n
            )
            UPDATE shop.customers c SET balance = CASE WHEN c.balance = 'NaN' THEN 0 ELSE c.balance + o.total END
            FROM o WHERE c.id = o.customer_id
            """
        case .advanceOrder:
            """
            UPDATE shop.orders o SET paid_at = CASE WHEN state = 'new' THEN clock_timestamp() ELSE paid_at END,
                state = (enum_range(o.state, NULL))[least(2, array_length(enum_range(o.state, NULL), 1))]
            WHERE id = (\(Self.order(orders)))
            """
        case .changeLine:
            """
            UPDATE shop.order_lines SET quantity = 1 + (quantity + 1) % 12, price = price * 1.01,
                discount = CASE WHEN random() < 0.5 THEN random() * 0.3 END
            WHERE order_id = (\(Self.order(orders)))
            """
        case .openTicket:
            """
            WITH t AS (
                INSERT INTO shop.tickets (customer_id, subject, labels, body)
                SELECT id, 'Live question', ARRAY[(random() * 9)::int], CASE WHEN random() < 0.4 THEN
                    (SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 90)) ELSE 'short' END
                FROM (\(Self.customer())) c RETURNING id
            )
            INSERT INTO shop.attachments
            SELECT t.id, 'photo-' || n || '.jpg', 'image/jpeg', decode(repeat(md5(random()::text), 80), 'hex'), '\\x00ff', 0
            FROM t, generate_series(1, (random() * 2)::int) n
            """
        case .answerTicket:
            """
            UPDATE shop.tickets SET history = history || jsonb_build_object('at', clock_timestamp(), 'by', 'agent'),
                closed_at = CASE WHEN random() < 0.3 THEN clock_timestamp() END
            WHERE id = (\(Self.ticket))
            """
        case .editCustomer:
            """
            UPDATE shop.customers SET email = CASE WHEN random() < 0.2 THEN NULL ELSE 'New-' || id || '@Example.org' END,
                tags = tags || (random() * 99)::int::text, preferences = preferences || '{"edited": true}',
                tier = (ARRAY['basic', 'plus', 'gold'])[1 + (random() * 2)::int], score = -random() * 1e-5
            WHERE id = (SELECT id FROM (\(Self.customer())) c)
            """
        case .newCustomer:
            """
            INSERT INTO shop.customers (region, first_name, last_name, email, signed_up, last_seen_from)
            SELECT (CASE WHEN random() < 0.5 THEN 'EU' ELSE 'US' END)::shop.region, 'New', 'Customer', 'n@example.org',
                current_date, '2001:db8::1'
            """
        case .deleteOrder: "DELETE FROM shop.orders WHERE id = (\(Self.order(orders)))"
        case .deleteTicket: "DELETE FROM shop.tickets WHERE id = (\(Self.ticket))"
        case .renameAttachment:
            "UPDATE shop.attachments SET name = 'renamed-' || (random() * 1e6)::int WHERE ctid = (\(Self.attachment))"
        case .renumberLine:
            "UPDATE shop.order_lines SET line_no = line_no + 10 WHERE order_id = (\(Self.order(orders))) AND line_no < 30000"
        case .replaceAttachment:
            """
            UPDATE shop.attachments SET downloads = downloads + 1, content = content || '\\xdeadbeef'
            WHERE ctid = (\(Self.attachment))
            """
        case .changeTicketID: "UPDATE shop.tickets SET id = gen_random_uuid() WHERE id = (\(Self.ticket))"
        case .moveCustomer:
            """
            UPDATE shop.customers SET region = (CASE region WHEN 'EU' THEN 'US' ELSE 'EU' END)::shop.region
            WHERE id = (SELECT id FROM (\(Self.customer())) c)
            """
        }
    }

    private static func customer(_ condition: String = "true") -> String {
        """
        SELECT id, region FROM shop.customers
        WHERE id >= (SELECT 1 + random() * 0.97 * max(id) FROM shop.customers) AND \(condition) ORDER BY id LIMIT 1
        """
    }
    private static func order(_ condition: String) -> String {
        """
        SELECT id FROM shop.orders WHERE \(condition) AND
        id >= (SELECT 1 + random() * 0.99 * max(id) FROM shop.orders WHERE id < 1000000000) ORDER BY id LIMIT 1
        """
    }
    private static let ticket = "SELECT id FROM shop.tickets WHERE id >= gen_random_uuid() ORDER BY id LIMIT 1"
    private static let attachment = """
        SELECT ctid FROM shop.attachments WHERE ticket_id >= gen_random_uuid() ORDER BY ticket_id, name LIMIT 1
        """
}
