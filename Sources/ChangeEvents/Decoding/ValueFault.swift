/// Why a single value cannot be written; the decoder adds place and path.
struct ValueFault: Error {
    let code: DecodeError.Code
    let expected: StaticString

    static func type(_ expected: StaticString) -> ValueFault {
        ValueFault(code: .unexpectedType, expected: expected)
    }

    static func encoding(_ expected: StaticString) -> ValueFault {
        ValueFault(code: .badEncoding, expected: expected)
    }
}
