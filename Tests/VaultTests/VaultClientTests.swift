import Foundation
import Model
import TestSupport
import Testing
import Vault

@Suite struct VaultClientTests {
    private static let token = "hvs.planted-token"
    private static let password = "planted-password"

    private func withVault(
        certificate: String? = nil, _ body: (VaultServer, [String: String]) throws -> Void
    ) throws {
        let server = try VaultServer(
            token: Self.token,
            secrets: [
                "secret/shop": ["password": Self.password, "pin": "4711"], "kv/old": ["password": Self.password],
                "team/secret/shop": ["password": "of the team"],
            ], certificate: certificate)
        try body(server, ["VAULT_ADDR": server.address, "VAULT_TOKEN": Self.token])
    }

    private func read(_ reference: String, _ environment: [String: String]) throws -> String {
        try VaultClient(environment: environment).read(#require(VaultSecret(reference))).reveal()
    }

    /// What reading fails with; it must not show a secret.
    private func failure(_ reference: String, _ environment: [String: String]) throws -> VaultError {
        let error = try #require(throws: VaultError.self) { try read(reference, environment) }
        for text in ["\(error)", String(reflecting: error)] {
            #expect(!text.contains(Self.token) && !text.contains(Self.password), "\(text)")
        }
        return error
    }

    @Test func fieldsOfBothVersionsAreRead() throws {
        try withVault { _, environment throws in
            #expect(try read("secret/data/shop#password", environment) == Self.password)
            #expect(try read("secret/data/shop#pin", environment) == "4711")
            #expect(try read("kv/old#password", environment) == Self.password)
        }
    }

    @Test func namespaceAndTokenFileAreUsed() throws {
        try withVault { _, environment throws in
            var environment = environment
            environment["VAULT_NAMESPACE"] = "team"
            #expect(try read("secret/data/shop#password", environment) == "of the team")
            let file = FileManager.default.temporaryDirectory.appendingPathComponent("token-\(UUID().uuidString)").path
            try "\(Self.token)\n".write(toFile: file, atomically: true, encoding: .utf8)
            defer { try? FileManager.default.removeItem(atPath: file) }
            environment["VAULT_TOKEN"] = nil
            environment["VAULT_TOKEN_FILE"] = file
            #expect(try read("secret/data/shop#password", environment) == "of the team")
        }
    }

    @Test func refusalsSayWhatToDo() throws {
        try withVault { server, environment throws in
            let forbidden = try failure("secret/data/private/x#password", environment)
            #expect(forbidden.code == .refused && forbidden.message.contains("secret/data/private/x"))
            let stranger = try failure(
                "secret/data/shop#password", environment.merging(["VAULT_TOKEN": "hvs.other"]) { $1 })
            #expect(stranger.code == .refused && !"\(stranger)".contains("hvs.other"))
            let withoutData = try failure("secret/shop#password", environment)
            #expect(withoutData.code == .notFound && withoutData.expected.contains("mount/data/path"))
            #expect(try failure("secret/data/nothing#password", environment).code == .notFound)
            let field = try failure("secret/data/shop#passwd", environment)
            #expect(field.code == .field && field.expected == "one of password, pin")
            try server.change { $0.sealed = true }
            let sealed = try failure("secret/data/shop#password", environment)
            #expect(sealed.code == .unavailable && sealed.message.contains("sealed"))
        }
    }

    @Test func missingSettingsAreNamed() throws {
        #expect(try failure("secret/data/shop#password", [:]).message.contains("VAULT_ADDR"))
        let noToken = try failure(
            "secret/data/shop#password", ["VAULT_ADDR": "http://127.0.0.1:1", "HOME": "/nowhere"])
        #expect(noToken.code == .settings && noToken.expected.contains("VAULT_TOKEN_FILE"))
        let noAddress = try failure("a/b#c", ["VAULT_ADDR": "ftp://x", "VAULT_TOKEN": Self.token])
        #expect(noAddress.code == .settings)
        let noAuthority = try failure(
            "a/b#c", ["VAULT_ADDR": "https://x", "VAULT_TOKEN": Self.token, "VAULT_CACERT": "/nowhere/ca.pem"])
        #expect(noAuthority.message.contains("/nowhere/ca.pem"))
    }

    @Test func unreachableServerIsNamed() throws {
        let error = try failure("a/b#c", ["VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": Self.token])
        #expect(error.code == .unreachable && error.message.contains("127.0.0.1:1"))
    }

    @Test func serverIsTrustedByItsAuthorityOnly() throws {
        let kit = try CertificateKit.kit()
        try withVault(certificate: kit.server) { _, environment throws in
            var environment = environment
            environment["VAULT_CACERT"] = kit.authority
            #expect(try read("secret/data/shop#password", environment) == Self.password)
            for authority in [kit.otherAuthority, nil] {
                environment["VAULT_CACERT"] = authority
                let error = try failure("secret/data/shop#password", environment)
                #expect(error.code == .unreachable && error.advice.contains("VAULT_CACERT"), "\(error)")
            }
        }
        for certificate in [kit.elsewhere, kit.expired] {
            try withVault(certificate: certificate) { _, environment throws in
                let error = try failure(
                    "secret/data/shop#password", environment.merging(["VAULT_CACERT": kit.authority]) { $1 })
                #expect(error.code == .unreachable && error.advice.contains("VAULT_ADDR"), "\(error)")
            }
        }
    }

    @Test(arguments: ["", "secret", "secret/x", "#f", "secret/x#", "/secret/x#f", "secret/#f", "x#f"])
    func malformedReferencesAreNone(_ text: String) { #expect(VaultSecret(text) == nil) }
}
