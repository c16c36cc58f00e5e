import Foundation
import LibPQ
import Model
import Playbook
import TestSupport
import Testing

@Suite struct SecretTextTests {
    private let place = FileLocation(file: "f.yaml", line: 3, column: 7)

    @Test func referencesAreLookedUpWhenUsed() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("tidegate-\(UUID().uuidString)")
        try "from file\n".write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let text = try SecretText("a=${env:A} b=${file:\(file.path)}", at: place)
        #expect(try text.resolve(environment: ["A": "from env"]).reveal() == "a=from env b=from file")
    }

    @Test func vaultIsAsked() throws {
        let vault = try VaultServer(token: "t", secrets: ["secret/shop": ["password": "from vault"]])
        let environment = ["VAULT_ADDR": vault.address, "VAULT_TOKEN": "t"]
        let text = try SecretText("p=${vault:secret/data/shop#password}", at: place)
        #expect(try text.resolve(environment: environment).reveal() == "p=from vault")
        #expect(!text.holdsPlainPassword)
        try vault.change { $0.sealed = true }
        let error = #expect(throws: PlaybookError.self) { try text.resolve(environment: environment) }
        #expect(error?.findings.first?.location == place)
        #expect(error?.findings.first?.advice?.contains("unseal") == true)
        #expect(throws: SecretText.Malformed.self) { try SecretText("${vault:shop}", at: place) }
    }

    /// A server that lets in whoever names a database that is there tells which string was used.
    @Test func connectionStringIsLookedUpForEachConnection() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("tidegate-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        try withDatabases { first, second in
            try first.dataSourceName.write(toFile: file, atomically: true, encoding: .utf8)
            let string = try SecretText("${file:\(file)}", at: place).connectionString()
                .with(parameters: ["application_name": "kept"])
            func database() throws -> String? {
                try Connection(string, applicationName: "test").execute("SELECT current_database()").scalar
            }
            #expect(try database() == first.name)
            try second.dataSourceName.write(toFile: file, atomically: true, encoding: .utf8)
            #expect(try database() == second.name)
            try FileManager.default.removeItem(atPath: file)
            let error = #expect(throws: PostgresError.self) { try database() }
            #expect(error?.isRetriable == true)
            #expect(error?.description.contains("f.yaml:3:7") == true && error?.description.contains(file) == true)
        }
    }

    @Test func missingSecretIsAnErrorAtItsPlace() throws {
        for reference in ["${env:TIDEGATE_NOT_SET}", "${file:/nowhere/at/all}"] {
            let text = try SecretText(reference, at: place)
            let error = #expect(throws: PlaybookError.self) { try text.resolve(environment: [:]) }
            #expect(error?.code == .missingSecret)
            #expect(error?.findings.first?.location == place)
            #expect(error?.findings.first?.rule == .missingSecret)
        }
    }

    @Test func secretShowsItselfNowhere() throws {
        let secret = try SecretText("${env:A}", at: place).resolve(environment: ["A": "hunter2"])
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), dumped] { #expect(!text.contains("hunter2")) }
    }
}
