import CSimdJSON

/// Owns a parser and the tokens of the last document it read. One thread at a time.
@safe
final class JSONReader {
    private let handle: OpaquePointer?

    init() { unsafe handle = tg_json_new() }

    deinit { unsafe tg_json_free(handle) }

    /// A document that cannot be parsed.
    struct Failure: Error {
        let isTruncated: Bool
        let offset: Int
    }

    /// Parses a document. The tokens refer to a copy of it and are valid until the next call.
    @inline(__always)
    func read(_ document: ByteView) throws(Failure) -> JSONTokens {
        guard let handle = unsafe handle else { throw Failure(isTruncated: false, offset: 0) }
        let code = unsafe tg_json_tokenize(handle, document.base, document.count)
        guard code == 0 else {
            throw unsafe Failure(
                isTruncated: tg_json_is_truncated(code) != 0, offset: Int(tg_json_error_offset(handle)))
        }
        return unsafe JSONTokens(
            tokens: tg_json_tokens(handle), base: tg_json_bytes(handle), count: Int(tg_json_token_count(handle)))
    }
}
