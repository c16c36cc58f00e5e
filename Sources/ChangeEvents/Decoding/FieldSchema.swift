/// A field of an embedded Kafka Connect schema.
struct FieldSchema {
    var name: String
    /// `int32`, `string`, `bytes`, `struct`, `array`, `map`, ...
    var type: String
    /// The name that says what the value means, such as `io.debezium.time.Date`.
    var meaning: String?
    /// Whether it may be null.
    var isOptional: Bool
    var parameters: [String: String]
    /// An array's element.
    var items: [FieldSchema]
    /// A struct's fields.
    var fields: [FieldSchema]

    init(_ tokens: JSONTokens, _ schema: Int) {
        func text(_ object: Int, _ name: StaticString) -> String? {
            guard let member = tokens.member(object, name), tokens.kind(member) == .string else { return nil }
            return JSONText.plain(tokens.bytes(member))
        }
        name = text(schema, "field") ?? ""
        type = text(schema, "type") ?? ""
        meaning = text(schema, "name")
        isOptional = tokens.member(schema, "optional").map { tokens.kind($0) == .true } ?? false
        parameters = [:]
        if let list = tokens.member(schema, "parameters") {
            for parameter in tokens.children(list) where tokens.kind(parameter) == .string {
                parameters[tokens.key(parameter).string] = JSONText.plain(tokens.bytes(parameter))
            }
        }
        items = tokens.member(schema, "items").map { [FieldSchema(tokens, $0)] } ?? []
        fields = []
        if let list = tokens.member(schema, "fields"), tokens.kind(list) == .array {
            fields = tokens.children(list).map { FieldSchema(tokens, $0) }
        }
    }

    /// The fields of a row: of an envelope those of `after` or `before`, of a key its own.
    var rowFields: [FieldSchema] {
        let image = fields.first { ($0.name == "after" || $0.name == "before") && $0.type == "struct" }
        return image?.fields ?? fields
    }
}

extension JSONText {
    /// A string's value, for the cold paths; ill-formed escapes stay.
    static func plain(_ raw: ByteView) -> String {
        var sink = ByteSink(capacity: raw.count)
        defer { sink.free() }
        do throws(ValueFault) {
            try writePlain(raw, into: &sink)
        } catch {
            return raw.string
        }
        return sink.view(0, sink.count).string
    }
}
