import Model
import Yams

/// Reads a playbook's text. It goes on after an error, so that one run finds all of them.
final class PlaybookParser {
    let text: PlaybookText
    private let source: String
    private(set) var findings: [Finding] = []

    init(text: String, file: String) {
        source = text
        self.text = PlaybookText(text, file: file)
    }

    static let sections = [
        "playbook", "source", "target", "kafka", "entities", "ownership", "reverse", "waves", "gates", "masking",
        "limits",
    ]

    func parse() throws(PlaybookError) -> Playbook {
        let root = try compose()
        let required = ["playbook", "target", "entities"]
        guard let top = mapping(root, "the playbook", keys: Self.sections, required: required) else { throw failure() }

        let name = top["playbook"].flatMap { identifier($0, "the playbook's name") } ?? ""
        let sourceSection = top["source"].flatMap(readSource)
        let target = top["target"].flatMap(readTarget)
        let kafka = top["kafka"].flatMap(readKafka)
        let entities = top["entities"].map(readEntities) ?? []
        let names = entities.map(\.name.value)
        let waves = top["waves"].map { readWaves($0, entities: names) } ?? []
        let ownership = top["ownership"].flatMap {
            readOwnership($0, entities: names, waves: waves.map(\.name.value))
        }
        let reverse = top["reverse"].flatMap { readReverse($0, entities: names) }
        let gates = top["gates"].map(readGates) ?? Gates()
        let masking = top["masking"].flatMap(readMasking)
        let limits = top["limits"].map(readLimits) ?? Limits()
        requireMaskingKey(masking, entities)

        guard let target, !findings.contains(where: { $0.severity == .error }) else { throw failure() }
        let start = FileLocation(file: text.file, line: 1, column: 1)
        return Playbook(
            name: name, file: text.file, text: source,
            source: sourceSection ?? SourceSection(postgres: nil, connector: [:], location: start),
            target: target, kafka: kafka ?? Self.noKafka(at: start), entities: entities, ownership: ownership,
            reverse: reverse, waves: waves, masking: masking, gates: gates, limits: limits,
            findings: findings.sorted { $0.location < $1.location })
    }

    private static func noKafka(at start: FileLocation) -> KafkaSection {
        KafkaSection(
            brokers: [], topics: Located("{schema}.{table}", at: start), format: .debeziumJSON, properties: [:],
            location: start)
    }

    // MARK: Findings

    func report(
        _ severity: Finding.Severity, _ rule: Rule, at location: FileLocation, _ message: String,
        expected: String? = nil, advice: String? = nil
    ) {
        findings.append(Finding(severity, rule, at: location, message, expected: expected, advice: advice))
    }

    func error(
        _ rule: Rule, at location: FileLocation, _ message: String, expected: String? = nil, advice: String? = nil
    ) {
        report(.error, rule, at: location, message, expected: expected, advice: advice)
    }

    private func failure() -> PlaybookError {
        let ordered = findings.sorted {
            ($0.severity == .error ? 0 : 1, $0.location) < ($1.severity == .error ? 0 : 1, $1.location)
        }
        let errors = ordered.count { $0.severity == .error }
        return PlaybookError(
            .invalid, "the playbook \(text.file) has \(errors) error\(errors == 1 ? "" : "s")", findings: ordered)
    }

    // MARK: YAML

    private func compose() throws(PlaybookError) -> Node {
        do {
            if let node = try Yams.compose(yaml: source) { return node }
            error(
                .yamlSyntax, at: text.location(nil), "the playbook is empty", expected: "a mapping with the sections",
                advice: "let `tidegate init` write a first one")
        } catch let yaml as YamlError {
            reportSyntax(yaml)
        } catch let other {
            error(.yamlSyntax, at: text.location(nil), "the text cannot be read as YAML (\(type(of: other)))")
        }
        throw failure()
    }

    private func reportSyntax(_ yaml: YamlError) {
        switch yaml {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let said = context.map { "\($0.text) at line \($0.mark.line), " } ?? ""
            error(
                .yamlSyntax, at: text.location(mark), "not YAML: \(said)\(problem)", expected: "well-formed YAML",
                advice: "quote SQL that holds ': ', ' #' or begins with a special character; indent with spaces")
        case .duplicatedKeysInMapping(let duplicates, let context):
            for key in duplicates.sorted() {
                error(
                    .duplicateKey, at: text.secondKey(key, from: text.location(context.mark)),
                    "the key \"\(key)\" stands twice in one mapping", expected: "each key once",
                    advice: "remove or rename one of them")
            }
        default:
            error(.yamlSyntax, at: text.location(nil), "the text cannot be read as YAML")
        }
    }

    /// A mapping's values by key; unknown and missing keys are reported.
    func mapping(
        _ node: Node, _ what: String, keys: [String], required: [String] = [], at: FileLocation? = nil
    ) -> [String: Node]? {
        guard let pairs = pairs(node, what) else { return nil }
        var values: [String: Node] = [:]
        for (key, value) in pairs {
            guard keys.contains(key.value) else {
                error(
                    .unknownKey, at: key.location, "\(what) has no key \"\(key.value)\"",
                    expected: "one of \(keys.joined(separator: ", "))",
                    advice: NearMiss.advice(for: key.value, among: keys) ?? "remove it")
                continue
            }
            values[key.value] = value
        }
        for key in required where values[key] == nil {
            error(
                .missingKey, at: at ?? text.location(node.mark), "\(what) lacks the key \"\(key)\"",
                expected: "\(key): ...", advice: "add it")
        }
        return values
    }

    /// A mapping's keys and values in file order.
    func pairs(_ node: Node, _ what: String) -> [(key: Located<String>, value: Node)]? {
        guard case .mapping(let mapping) = node else {
            error(
                .wrongKind, at: text.location(node.mark), "\(what) is \(Self.kind(node))",
                expected: "a mapping of keys to values")
            return nil
        }
        var pairs: [(key: Located<String>, value: Node)] = []
        for (key, value) in mapping {
            guard case .scalar(let scalar) = key else {
                error(.wrongKind, at: text.location(key.mark), "a key of \(what) is not a word", expected: "a word")
                continue
            }
            pairs.append((Located(scalar.string, at: text.location(scalar.mark)), value))
        }
        return pairs
    }

    static func kind(_ node: Node) -> String {
        switch node {
        case .scalar(let scalar): scalar.string.isEmpty ? "empty" : "a single value"
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}
