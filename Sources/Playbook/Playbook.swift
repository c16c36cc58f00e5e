import Foundation
public import LibPQ
public import Model

/// The contract of a migration, as its file has it. `CompiledPlaybook` is what runs.
public struct Playbook: Sendable {
    public var name: String
    /// The file as the user named it.
    public var file: String
    /// The file's text, normalised: line breaks are `\n`, nothing but one stands at the end, no byte-order mark.
    public var text: String
    public var source: SourceSection
    public var target: TargetSection
    public var kafka: KafkaSection
    public var entities: [EntityDefinition]
    public var ownership: OwnershipSection?
    /// The direction that this is a playbook for; the file's own is forward.
    public internal(set) var flow = Flow.forward
    /// nil when the file leaves it out: then what the target owns flows back in the default way.
    public var reverse: ReverseSection?
    public var waves: [WaveDefinition]
    public var masking: MaskingSection?
    public var gates: Gates
    public var limits: Limits
    /// What the file leaves to be desired: warnings and notes, no errors.
    public var findings: [Finding]

    /// Reads a playbook file.
    ///
    /// - Throws: `PlaybookError` with every error in the file and its place.
    public init(contentsOf path: String) throws(PlaybookError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw PlaybookError(.unreadable, "the playbook \(path) cannot be read")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw PlaybookError(.unreadable, "the playbook \(path) is not UTF-8 text")
        }
        try self.init(parsing: text, file: path)
    }

    /// Reads a playbook's text; `file` is what its places are said to be in.
    ///
    /// - Throws: `PlaybookError` with every error in the text and its place.
    public init(parsing text: String, file: String) throws(PlaybookError) {
        let normalised = Self.normalised(text)
        self = try PlaybookParser(text: normalised, file: file).parse()
    }

    /// The entity of that name.
    public func entity(_ name: EntityName) -> EntityDefinition? { entities.first { $0.name.value == name } }

    /// The wave of that name.
    public func wave(_ name: WaveName) -> WaveDefinition? { waves.first { $0.name.value == name } }

    /// The SHA-256 of the normalised text, in hexadecimal, computed by PostgreSQL.
    public func hash(on connection: Connection) throws(PostgresError) -> String {
        let result = try connection.query("SELECT encode(sha256(convert_to($1, 'UTF8')), 'hex')", [.text(text)])
        return result[0, 0] ?? ""
    }

    /// The text with every password and key that stands in it in plain replaced: what may be stored and shown.
    public var textWithoutSecrets: String {
        let connections = [source.postgres, target.postgres].compactMap { $0 }.filter(\.holdsPlainPassword)
        let named = kafka.properties.filter { $0.value.isLiteral && KafkaSection.isSecret($0.key) }.values
        let keys = [masking?.key].compactMap { $0 }.filter(\.isLiteral)
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for secret in connections + named + keys where secret.location.line <= lines.count {
            // All that follows on the lines of the value goes: what is kept need not be YAML.
            let first = secret.location.line - 1
            let kept = String(lines[first].unicodeScalars.prefix(secret.location.column - 1))
            let indent = lines[first].prefix { $0 == " " }.count
            lines[first] = kept + "<redacted>"
            var next = first + 1
            while next < lines.count, !lines[next].isEmpty, lines[next].prefix(while: { $0 == " " }).count > indent,
                !lines[next].contains(": ")
            {
                lines[next] = ""
                next += 1
            }
        }
        return lines.joined(separator: "\n")
    }

    /// The text that is hashed, so that a playbook edited on another system is the same playbook.
    static func normalised(_ text: String) -> String {
        var scalars = text.unicodeScalars
        if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
        var normalised = String(scalars).replacingOccurrences(of: "\r\n", with: "\n")
        while normalised.hasSuffix("\n") { normalised.removeLast() }
        return normalised + "\n"
    }

    init(
        name: String, file: String, text: String, source: SourceSection, target: TargetSection, kafka: KafkaSection,
        entities: [EntityDefinition], ownership: OwnershipSection?, reverse: ReverseSection?, waves: [WaveDefinition],
        masking: MaskingSection?, gates: Gates, limits: Limits, findings: [Finding]
    ) {
        self.name = name
        self.file = file
        self.text = text
        self.source = source
        self.target = target
        self.kafka = kafka
        self.entities = entities
        self.ownership = ownership
        self.reverse = reverse
        self.waves = waves
        self.masking = masking
        self.gates = gates
        self.limits = limits
        self.findings = findings
    }
}
