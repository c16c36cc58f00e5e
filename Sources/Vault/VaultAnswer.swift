import Foundation
internal import Model

/// The fields of a secret as the KV engine answers them.
struct VaultAnswer {
    private let fields: [String: Any]

    init(_ body: [UInt8], of secret: VaultSecret) throws(VaultError) {
        let whole = (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any]
        guard let data = whole?["data"] as? [String: Any] else {
            throw VaultError(
                .answer, "the answer for \(secret.path) is not a secret's", expected: "JSON with an object named data",
                advice: "check that VAULT_ADDR is Vault's and that the path is of a KV engine")
        }
        // Version 2 wraps the fields once more, with what it knows of the version beside them.
        if data["metadata"] is [String: Any], let inner = data["data"] as? [String: Any] {
            fields = inner
        } else {
            fields = data
        }
    }

    func value(of secret: VaultSecret) throws(VaultError) -> Redacted<String> {
        switch fields[secret.field] {
        case let text as String: return Redacted(text)
        case let number as NSNumber: return Redacted("\(number)")
        case nil:
            throw VaultError(
                .field, "the secret at \(secret.path) has no field \(secret.field)",
                expected: "one of \(fields.keys.sorted().joined(separator: ", "))", advice: "correct what follows the #"
            )
        default:
            throw VaultError(
                .field, "the field \(secret.field) of \(secret.path) is not a text", expected: "a text or a number",
                advice: "put the secret itself into a field")
        }
    }
}
