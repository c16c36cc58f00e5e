/// From bytes to tokens, with or without an embedded schema.
extension EventDecoder {
    func parse(
        _ bytes: ByteView, _ part: DecodeError.Part, _ schemas: SchemaCache
    ) throws(DecodeError) -> ParsedDocument {
        var end = bytes.count
        if let known = schemas.match(bytes) {
            while end > 0, bytes[end - 1] <= 0x20 { end -= 1 }
            if end > known.payload, bytes[end - 1] == UInt8(ascii: "}") {
                let tokens = try read(bytes.slice(known.payload, end - 1), part, shift: known.payload)
                return ParsedDocument(
                    tokens: tokens, root: 0, fields: known.fields, part: part, shift: known.payload)
            }
        }
        let tokens = try read(bytes, part, shift: 0)
        guard let payload = tokens.member(0, "payload"), let schema = tokens.member(0, "schema"),
            tokens.children(0).count == 2
        else { return ParsedDocument(tokens: tokens, root: 0, fields: plainFields, part: part, shift: 0) }
        var fields = plainFields
        if tokens.kind(schema) == .object {
            fields = table(of: FieldSchema(tokens, schema))
            // What stands behind the payload must be the closing brace alone: only then is the beginning all of it.
            let start = tokens.offset(payload) - (tokens.kind(payload) == .string ? 1 : 0)
            if payload > schema { schemas.add(prefix: bytes.slice(0, start), fields) }
        }
        return ParsedDocument(tokens: tokens, root: payload, fields: fields, part: part, shift: 0)
    }

    private func read(
        _ bytes: ByteView, _ part: DecodeError.Part, shift: Int
    ) throws(DecodeError) -> JSONTokens {
        do throws(JSONReader.Failure) {
            return try reader.read(bytes)
        } catch {
            throw DecodeError(
                code: error.isTruncated ? .truncated : .malformed, part: part, offset: shift + error.offset, path: "",
                expected: "a JSON document", found: error.isTruncated ? "its end" : "something else")
        }
    }

    /// The columns among a schema's fields, with the encodings it tells.
    private func table(of schema: FieldSchema) -> FieldTable {
        FieldTable(
            schema.rowFields.map { field in
                guard let column = columns.firstIndex(where: { $0.name == field.name }) else {
                    return (field.name, -1, ColumnEncoding(kind: .any))
                }
                return (field.name, column, ColumnEncoding(field, columns[column], modes))
            },
            schema: Dictionary(schema.rowFields.map { ($0.name, $0.summary) }) { first, _ in first })
    }
}
