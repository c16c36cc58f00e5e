import Foundation
import Testing

/// The pages of docs/reference hold each command's own help.
@Suite struct HelpPagesTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("docs/reference")

    @Test func everyPageShowsTheHelpOfTheProgram() throws {
        let program = try BuiltProgram()
        var described: Set<String> = []
        for page in try FileManager.default.contentsOfDirectory(atPath: Self.folder.path) where page.hasSuffix(".md") {
            let text = try String(contentsOf: Self.folder.appendingPathComponent(page), encoding: .utf8)
            for part in text.components(separatedBy: "<!-- tidegate ").dropFirst() {
                guard let end = part.range(of: " --help -->\n```text\n") else { continue }
                let words = part[..<end.lowerBound].split(separator: " ").map(String.init)
                let shown = part[end.upperBound...].components(separatedBy: "\n```").first ?? ""
                let help = try program.run(words + ["--help"], environment: ["COLUMNS": "100"]).output
                #expect(
                    shown.trimmingCharacters(in: .newlines) == help.trimmingCharacters(in: .newlines),
                    "\(page): run ops/reference")
                described.insert(words[0])
            }
        }
        let list = try program.run(["--help"]).output.components(separatedBy: "SUBCOMMANDS:").last ?? ""
        let commands = list.split(separator: "\n").filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }
            .compactMap { $0.split(separator: " ").first.map(String.init) }.filter { $0 != "See" && $0 != "broker" }
        #expect(!commands.isEmpty && Set(commands).isSubset(of: described), "\(commands) \(described)")
    }
}
