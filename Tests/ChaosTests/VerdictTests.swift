import Testing

@testable import Chaos

@Suite struct VerdictTests {
    private func unexplained(_ line: String, _ faults: Fault..., of name: String = "sync") -> Bool {
        !Verdict.unexplained([(name, line + "\n")], faults).isEmpty
    }

    private let full =
        "2026-01-01T00:00:00+0000 warning tidegate.sync: error=53100 lane=0 [Sync] applying failed, trying again"

    @Test func aLineAboveInfoNeedsAFaultThatExplainsIt() {
        #expect(unexplained(full))
        #expect(unexplained(full, .deadlock))
        #expect(!unexplained(full, .diskFull))
        #expect(!unexplained(full.replacing("warning", with: "info")))
    }

    @Test func wordsOutsideTheLogNeedOneToo() {
        #expect(unexplained("Fatal error: Index out of range"))
        #expect(unexplained("Fatal error: Index out of range", .killSync, .sourceCrash, .targetCrash))
        #expect(!unexplained(#"{"wave":"eu"}"#, of: "load"))
        #expect(unexplained(#"{"wave":"eu"}"#, of: "sync"))
    }
}
