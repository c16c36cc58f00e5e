import Foundation
internal import Model

/// Where Vault is and who asks: the environment variables of Vault's own command line.
struct VaultSettings: Sendable {
    /// `VAULT_ADDR` without a slash at its end.
    let address: String
    /// `VAULT_NAMESPACE`.
    let namespace: String?
    /// `VAULT_CACERT`: the file of the authority that has signed Vault's certificate; nil for those that the system trusts.
    let authority: String?
    let token: Redacted<String>

    init(environment: [String: String]) throws(VaultError) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        guard let address = value("VAULT_ADDR") else {
            throw VaultError(
                .settings, "VAULT_ADDR is not set", expected: "Vault's address in the environment of the process",
                advice: "export VAULT_ADDR=https://vault.example:8200")
        }
        guard let scheme = URL(string: address)?.scheme, ["https", "http"].contains(scheme) else {
            throw VaultError(
                .settings, "VAULT_ADDR is not an address", expected: "https://host:port",
                advice: "export VAULT_ADDR=https://vault.example:8200")
        }
        self.address = address.hasSuffix("/") ? String(address.dropLast()) : address
        namespace = value("VAULT_NAMESPACE")
        authority = value("VAULT_CACERT")
        if let authority, !FileManager.default.isReadableFile(atPath: authority) {
            throw VaultError(
                .settings, "the file \(authority) that VAULT_CACERT names cannot be read",
                expected: "certificates in PEM form", advice: "correct VAULT_CACERT")
        }
        token = try Self.token(value("VAULT_TOKEN"), file: value("VAULT_TOKEN_FILE"), home: value("HOME"))
    }

    /// The token itself, else what a file holds: the one that is named, as Vault's agent writes it, else the one that
    /// `vault login` writes.
    private static func token(
        _ given: String?, file: String?, home: String?
    ) throws(VaultError) -> Redacted<String> {
        if let given { return Redacted(given) }
        let path = file ?? home.map { $0 + "/.vault-token" }
        if let path, let text = try? String(contentsOfFile: path, encoding: .utf8) {
            let token = text.trimmingCharacters(in: .whitespacesAndNewlines)
            if !token.isEmpty { return Redacted(token) }
        }
        throw VaultError(
            .settings,
            file.map { "the file \($0) that VAULT_TOKEN_FILE names holds no token" } ?? "there is no Vault token",
            expected: "VAULT_TOKEN, or VAULT_TOKEN_FILE with the path of a file, or ~/.vault-token",
            advice: "log in with vault login, or let Vault's agent write the file")
    }
}
