/// One of the demonstration's files, with places to fill in.
package struct DemoText {
    package let text: String

    private init(_ bytes: [UInt8]) { text = String(decoding: bytes, as: UTF8.self) }

    package static var sourceSchema: DemoText { DemoText(PackageResources.source_sql) }
    package static var seed: DemoText { DemoText(PackageResources.seed_sql) }
    package static var targetSchema: DemoText { DemoText(PackageResources.target_sql) }
    package static var playbook: DemoText { DemoText(PackageResources.playbook_yaml) }

    /// The text with `{name}` replaced by its value.
    package func filled(_ values: [String: String]) -> String {
        values.reduce(text) { $0.replacing("{\($1.key)}", with: $1.value) }
    }
}
