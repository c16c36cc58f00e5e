/// A parsed key or value: its payload's tokens and how its fields are encoded.
struct ParsedDocument {
    let tokens: JSONTokens
    /// The token of the payload.
    let root: Int
    let fields: FieldTable
    let part: DecodeError.Part
    /// What to add to a token's offset to get that in the message.
    let shift: Int

    /// An error about the whole of a token.
    func error(
        _ code: DecodeError.Code, at token: Int, _ path: String, expected: String, found: String? = nil
    ) -> DecodeError {
        DecodeError(
            code: code, part: part, offset: shift + tokens.offset(token), path: path, expected: expected,
            found: found ?? tokens.kind(token).name)
    }
}
