import Foundation
import Model
import Playbook
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
