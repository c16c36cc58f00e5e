import Playbook
import TestSupport
import Testing

/// A playbook of any bytes is read or refused, with the place: never a trap or a hang.
@Suite struct PlaybookFuzzTests {
    @Test func changedPlaybooksAreReadOrRefused() throws {
        let plan = FuzzPlan(share: 0.01)
        let text = Array(shopPlaybook.utf8)
        var mutator = ByteMutator(
            seed: plan.seed,
            pieces: [
                ":", "- ", "\n", "  ", "{", "}", "[", "]", "\"", "'", "#", "&a", "*a", "!!int", "|", ">", "${env:", "}",
                "\t",
                "<<: *a", "null", "99999999999999999999", "---\n", "customers", "via ",
            ])
        let counts = try plan.run("playbooks") { _ in
            let changed = String(decoding: mutator.change(text, mixing: text), as: UTF8.self)
            do {
                _ = try Playbook(parsing: changed, file: "fuzz.yaml")
                return true
            } catch {
                #expect(!"\(error)".isEmpty)
                return false
            }
        }
        #expect(counts.accepted > 0 && counts.refused > 0)
    }
}
