import Model

/// The parts of a Debezium message, found whatever their order.
struct Envelope {
    /// nil for a message that is no change event.
    private(set) var operation: ChangeOperation?
    /// Tokens of the images and of the source; 0 without one.
    private(set) var before = 0
    private(set) var after = 0
    private(set) var source = 0
    private var sent = 0
    private var members = 0
    private var status = 0
    private var isSchemaChange = false
    private var isNotification = false

    init(_ document: ParsedDocument) throws(DecodeError) {
        let tokens = document.tokens
        let root = document.root
        guard tokens.kind(root) == .object else {
            throw document.error(.unexpectedType, at: root, "", expected: "an event")
        }
        var index = root + 1
        let end = tokens.end(root)
        while index < end {
            let key = tokens.key(index)
            switch key.count {
            case 2 where key.equals("op"): operation = try Self.operation(document, index)
            case 5 where key.equals("after"): after = index
            case 5 where key.equals("ts_ms"): sent = index
            case 6 where key.equals("before"): before = index
            case 6 where key.equals("source"): source = index
            case 6 where key.equals("status"): status = index
            case 12 where key.equals("tableChanges"): isSchemaChange = true
            case 14 where key.equals("aggregate_type"): isNotification = true
            default: break
            }
            members += 1
            index = tokens.end(index)
        }
        guard operation != nil else { return }
        guard source > 0, tokens.kind(source) == .object else {
            throw document.error(.missing, at: root, "source", expected: "a source block", found: "none")
        }
    }

    private static func operation(_ document: ParsedDocument, _ index: Int) throws(DecodeError) -> ChangeOperation {
        let text = document.tokens.bytes(index)
        guard document.tokens.kind(index) == .string, text.count == 1,
            let operation = ChangeOperation(rawValue: text[0])
        else {
            throw document.error(
                .unexpectedType, at: index, "op", expected: "one of c, u, d, r, t, m", found: "another value")
        }
        return operation
    }

    /// What a message is that has no `op`.
    func outcomeWithoutOperation(_ document: ParsedDocument) throws(DecodeError) -> DecodeOutcome {
        let tokens = document.tokens
        if status > 0, let identifier = tokens.member(document.root, "id"), tokens.kind(identifier) == .string {
            let count = tokens.member(document.root, "event_count").flatMap { tokens.bytes($0).integer }
            let name = JSONText.plain(tokens.bytes(identifier))
            return .transactionMarker(
                TransactionMarker(
                    isEnd: tokens.bytes(status).equals("END"),
                    transaction: String(name.prefix { $0 != ":" }), eventCount: count.map { Int($0) }))
        }
        if isSchemaChange { return .schemaChange }
        if isNotification { return .notification }
        if sent > 0, members == 1 { return .heartbeat(sentMillis: tokens.bytes(sent).integer ?? 0) }
        throw document.error(.missing, at: document.root, "op", expected: "an operation", found: "none")
    }
}
