import Foundation
public import Model

/// Reads secrets from HashiCorp Vault's KV engine, versions 1 and 2, over HTTP.
///
/// Each read is a request of its own and blocks its thread for at most 15 seconds; nothing is kept. It asks with the token that
/// the environment has at that moment, and renews none: that is for Vault's agent, which writes a token file.
public struct VaultClient: Sendable {
    private let settings: VaultSettings

    /// A client by the variables of Vault's own command line: `VAULT_ADDR`, `VAULT_TOKEN` (or the path of a file with it in
    /// `VAULT_TOKEN_FILE`, or `~/.vault-token`), `VAULT_NAMESPACE`, `VAULT_CACERT`.
    ///
    /// - Throws: `.settings` when one is missing or no use.
    public init(environment: [String: String]) throws(VaultError) {
        settings = try VaultSettings(environment: environment)
    }

    /// The value of a field: a text, or a number in its digits.
    public func read(_ secret: VaultSecret) throws(VaultError) -> Redacted<String> {
        var headers = [("X-Vault-Token", settings.token.reveal()), ("X-Vault-Request", "true")]
        if let namespace = settings.namespace { headers.append(("X-Vault-Namespace", namespace)) }
        let path = secret.path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? secret.path
        let answer: HTTPGet.Answer
        do {
            answer = try HTTPGet(
                url: "\(settings.address)/v1/\(path)", headers: Redacted(headers), authority: settings.authority
            ).run()
        } catch {
            throw VaultError(
                .unreachable, "Vault at \(settings.address) cannot be asked: \(error.reason)",
                expected: error.isDistrust
                    ? "a certificate that names this host, from an authority that is trusted" : "Vault listening there",
                advice: error.isDistrust
                    ? "name the authority's file in VAULT_CACERT, and the host that the certificate is for in VAULT_ADDR"
                    : "check VAULT_ADDR and the network")
        }
        guard answer.status == 200 else { throw refusal(answer, secret) }
        return try VaultAnswer(answer.body, of: secret).value(of: secret)
    }

    private func refusal(_ answer: HTTPGet.Answer, _ secret: VaultSecret) -> VaultError {
        let place = "Vault at \(settings.address)"
        switch answer.status {
        case 403:
            return VaultError(
                .refused, "\(place) does not let the token read \(secret.path) (403)",
                expected: "a valid token whose policy has read on that path",
                advice: "look at vault token lookup and vault token capabilities \(secret.path)")
        case 404:
            return VaultError(
                .notFound, "\(place) has nothing at \(secret.path) (404)",
                expected: "mount/data/path for version 2 of the KV engine, mount/path for version 1",
                advice: "look at vault kv get; its \"Secret Path\" is the path to write here")
        case 300..<400:
            return VaultError(
                .unavailable, "\(place) sends to another server (\(answer.status)), to which the token is not sent",
                expected: "the active server, or a standby that forwards", advice: "correct VAULT_ADDR")
        case 429, 472, 473, 501, 503:
            let what = [501: "is not initialized", 503: "is sealed or down for maintenance"]
            return VaultError(
                .unavailable, "\(place) \(what[answer.status] ?? "is on standby") (\(answer.status))",
                expected: "an unsealed, active server", advice: "look at vault status; unseal it")
        default:
            return VaultError(
                .answer, "\(place) answers \(answer.status) for \(secret.path)", expected: "200",
                advice: "look at Vault's audit log")
        }
    }
}
