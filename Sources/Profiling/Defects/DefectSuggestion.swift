import ChangeEvents
import Model
import Playbook

/// An entry for an entity's catalog of known defects.
public struct DefectSuggestion: Hashable, Sendable, Codable {
    public let entity: String
    /// Its name in the catalog.
    public let name: String
    /// The line, as it may stand under `defects` of the entity.
    public let line: String
    /// Why.
    public let reason: String
}

/// Makes entries of what was found. Only what SQL over the source's row can tell gets one.
struct DefectSearch {
    let entity: CompiledEntity
    let profile: [FieldStatistics]
    let rejections: [Rejection]

    func suggestions() -> [DefectSuggestion] {
        var found: [DefectSuggestion] = []
        for rejection in rejections where rejection.rows > 0 {
            guard let suggestion = suggestion(for: rejection), !found.contains(where: { $0.name == suggestion.name })
            else { continue }
            found.append(suggestion)
        }
        return found + profile.filter { $0.control > 0 }.map(controlCharacters)
    }

    private func suggestion(for rejection: Rejection) -> DefectSuggestion? {
        guard let field = entity.fields.first(where: { $0.column == rejection.field }) else { return nil }
        if rejection.sqlState == "23502", field.sourceColumn == nil {
            return entry("\(Self.word(field.column))-missing", "(\(field.sql)) IS NULL", rejection)
        }
        // What a value comes from can be told if that is one column.
        guard field.dependencies.columns.count == 1, let place = field.dependencies.columns.first else { return nil }
        let column = entity.sourceColumns[place].name
        let name = quotedIdentifier(column)
        guard let kind = profile.first(where: { $0.name == column })?.kind,
            let (what, condition) = condition(rejection, name, kind, isPlain: field.sourceColumn != nil)
        else { return nil }
        return entry("\(Self.word(column))-\(what)", condition, rejection)
    }

    private func entry(_ name: String, _ condition: String, _ rejection: Rejection) -> DefectSuggestion {
        DefectSuggestion(
            entity: entity.name.rawValue, name: name,
            line: "\(name): { where: \(YAMLText.quoted(condition)), action: quarantine }",
            reason: "\(rejection.rows) of \(rejection.looked) rows: \(rejection.reason)")
    }

    private func condition(
        _ rejection: Rejection, _ column: String, _ kind: FieldKind, isPlain: Bool
    ) -> (String, String)? {
        switch rejection.sqlState {
        case "23502" where isPlain:
            return ("missing", "\(column) IS NULL")
        case "22001" where kind == .text && isPlain:
            return Self.modifiers(rejection.type).first.map { ("too-long", "length(\(column)) > \($0)") }
        case "22003" where kind == .number && isPlain:
            return Self.outOfRange(column, rejection.type).map { ("out-of-range", $0) }
        case "22P02" where kind == .text:
            return Self.form(of: rejection.type).map { ("not-a-\($0.0)", "\(column) !~ '\($0.1)'") }
        case "22P05" where kind == .other:
            return ("with-nul", "\(column)::text LIKE '%\\\\u0000%'")
        default: return nil
        }
    }

    /// `numeric(10,2)` gives 10 and 2.
    private static func modifiers(_ type: String) -> [Int] {
        guard let open = type.firstIndex(of: "("), let close = type.firstIndex(of: ")"), open < close else { return [] }
        return type[type.index(after: open)..<close].split(separator: ",").compactMap { part in
            Int(part.filter { $0.isNumber || $0 == "-" })
        }
    }

    private static func outOfRange(_ column: String, _ type: String) -> String? {
        switch type {
        case "smallint": return "\(column) NOT BETWEEN -32768 AND 32767"
        case "integer": return "\(column) NOT BETWEEN -2147483648 AND 2147483647"
        case "bigint": return "\(column) NOT BETWEEN -9223372036854775808 AND 9223372036854775807"
        case _ where type.hasPrefix("numeric("):
            let modifiers = modifiers(type)
            guard let precision = modifiers.first else { return nil }
            let scale = modifiers.count > 1 ? modifiers[1] : 0
            return "abs(round(\(column)::numeric, \(scale))) >= 1e\(precision - scale)::numeric"
        default: return nil
        }
    }

    /// What a text has to look like to be of a type: a word for it and a regular expression.
    private static func form(of type: String) -> (String, String)? {
        switch type {
        case "smallint", "integer", "bigint": ("number", #"^\s*[-+]?[0-9]+\s*$"#)
        case "real", "double precision": ("number", decimal)
        case _ where type.hasPrefix("numeric"): ("number", decimal)
        case "uuid": ("uuid", "^[{]?([0-9A-Fa-f]{4}-?){7}[0-9A-Fa-f]{4}[}]?$")
        default: nil
        }
    }

    private static let decimal = #"^\s*[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?\s*$"#

    private func controlCharacters(_ column: FieldStatistics) -> DefectSuggestion {
        let name = quotedIdentifier(column.name)
        let isKey = entity.sourceColumns.first { $0.name == column.name }?.isKey ?? true
        let clean = "regexp_replace(\(name), \(ControlCharacters.pattern), '', 'g')"
        let action =
            isKey ? "action: quarantine" : "set: { \(YAMLText.value(column.name)): \(YAMLText.quoted(clean)) }"
        let title = "\(Self.word(column.name))-control-characters"
        return DefectSuggestion(
            entity: entity.name.rawValue, name: title,
            line: "\(title): { where: \(YAMLText.quoted("\(name) ~ \(ControlCharacters.pattern)")), \(action) }",
            reason: "\(column.control) of \(column.rows) rows have control characters")
    }

    /// A column's name as part of a defect's.
    private static func word(_ column: String) -> String {
        String(column.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") ? $0 : "-" })
    }
}
