/// One of the demonstration's files, with places to fill in.
struct DemoText {
    let text: String

    private init(_ bytes: [UInt8]) { text = String(decoding: bytes, as: UTF8.self) }

    static var sourceSchema: DemoText { DemoText(PackageResources.source_sql) }
    static var seed: DemoText { DemoText(PackageResources.seed_sql) }
    static var targetSchema: DemoText { DemoText(PackageResources.target_sql) }
    static var playbook: DemoText { DemoText(PackageResources.playbook_yaml) }

    /// The text with `{name}` replaced by its value.
    func filled(_ values: [String: String]) -> String {
        values.reduce(text) { $0.replacing("{\($1.key)}", with: $1.value) }
    }
}
