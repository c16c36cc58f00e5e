import Model

/// The key of HMAC-SHA256 in the form that plain SQL can use: XORed with the two pads beforehand, in hexadecimal.
///
/// PostgreSQL has sha256() but no HMAC and no XOR of bytes. `H((K ^ opad) || H((K ^ ipad) || m))` needs only the two
/// padded keys, which a session gets as settings, so the key never stands in a statement.
struct MaskingKey {
    static let innerSetting = "tidegate.mask_inner"
    static let outerSetting = "tidegate.mask_outer"
    static let longest = 64

    private let key: Redacted<String>

    init(_ key: Redacted<String>) throws(PlaybookError) {
        let length = key.reveal().utf8.count
        guard (1...Self.longest).contains(length) else {
            throw PlaybookError(
                .missingSecret, "the masking key has \(length) bytes; expected 1 to \(Self.longest)")
        }
        self.key = key
    }

    var settings: [(name: String, value: Redacted<String>)] {
        [(Self.innerSetting, padded(with: 0x36)), (Self.outerSetting, padded(with: 0x5C))]
    }

    private func padded(with pad: UInt8) -> Redacted<String> {
        var block = [UInt8](repeating: pad, count: 64)
        for (index, byte) in key.reveal().utf8.enumerated() { block[index] ^= byte }
        return Redacted(block.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
    }

    /// SQL for the hexadecimal HMAC of an expression's text; NULL stays NULL.
    static func expression(over sql: String) -> String {
        func key(_ setting: String) -> String { "decode(current_setting('\(setting)'), 'hex')" }
        let inner = "sha256(\(key(innerSetting)) || convert_to((\(sql))::text, 'UTF8'))"
        return "encode(sha256(\(key(outerSetting)) || \(inner)), 'hex')"
    }
}
