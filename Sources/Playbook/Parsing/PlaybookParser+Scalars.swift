import Model
import Yams

extension PlaybookParser {
    /// A single value as text, with its place.
    func scalar(_ node: Node, _ what: String, expected: String = "a single value") -> Located<String>? {
        guard case .scalar(let scalar) = node, !scalar.string.isEmpty || scalar.style != .plain else {
            error(
                .wrongKind, at: text.location(node.mark), "\(what) is \(Self.kind(node))", expected: expected)
            return nil
        }
        return Located(scalar.string, at: text.location(scalar.mark))
    }

    /// SQL with the places of its characters.
    func sql(_ node: Node, _ what: String) -> SQLExpression? {
        guard let value = scalar(node, what, expected: "an SQL expression"), case .scalar(let scalar) = node else {
            return nil
        }
        guard value.value.contains(where: { !$0.isWhitespace }) else {
            error(.badValue, at: value.location, "\(what) is empty", expected: "an SQL expression")
            return nil
        }
        return text.expression(scalar)
    }

    /// A name that becomes part of object names: letters, digits, `_` and `-`, at most 40.
    func identifier(_ node: Node, _ what: String) -> String? {
        scalar(node, what, expected: "a name").flatMap { identifier($0, what) }
    }

    func identifier(_ name: Located<String>, _ what: String) -> String? {
        let allowed = name.value.unicodeScalars.allSatisfy { scalar in
            scalar == "_" || scalar == "-" || ("0"..."9").contains(scalar) || ("a"..."z").contains(scalar)
                || ("A"..."Z").contains(scalar)
        }
        guard allowed, (1...40).contains(name.value.utf8.count) else {
            error(
                .badValue, at: name.location, "\(what) \"\(name.value)\" cannot be used as a name",
                expected: "1 to 40 letters, digits, _ or -")
            return nil
        }
        return name.value
    }

    func table(_ node: Node, _ what: String) -> Located<TableName>? {
        guard let value = scalar(node, what, expected: "schema.table") else { return nil }
        guard let table = TableName(value.value) else {
            error(.badValue, at: value.location, "\(what) \"\(value.value)\" is not a table", expected: "schema.table")
            return nil
        }
        return Located(table, at: value.location)
    }

    /// One of the words of an enumeration.
    func word<Choice: RawRepresentable & CaseIterable>(
        _ node: Node, _ what: String, as type: Choice.Type
    ) -> Choice? where Choice.RawValue == String {
        let words = Choice.allCases.map(\.rawValue)
        guard let value = scalar(node, what, expected: "one of \(words.joined(separator: ", "))") else { return nil }
        if let choice = Choice(rawValue: value.value) { return choice }
        error(
            .badValue, at: value.location, "\(what) cannot be \"\(value.value)\"",
            expected: "one of \(words.joined(separator: ", "))", advice: NearMiss.advice(for: value.value, among: words)
        )
        return nil
    }

    /// A list of single values; a lone one counts as a list of one.
    func list(_ node: Node, _ what: String) -> [Located<String>] {
        guard case .sequence(let sequence) = node else {
            return scalar(node, what, expected: "a list").map { [$0] } ?? []
        }
        return sequence.compactMap { scalar($0, "an item of \(what)") }
    }

    /// Names to single values, for properties that are passed on.
    func properties(_ node: Node, _ what: String) -> [(key: Located<String>, value: Located<String>)] {
        (pairs(node, what) ?? []).compactMap { key, value in
            scalar(value, "\(what) \"\(key.value)\"").map { (key, $0) }
        }
    }

    func secret(_ node: Node, _ what: String) -> SecretText? {
        scalar(node, what, expected: "text or a reference, \(SecretText.forms)").flatMap { secret($0, what) }
    }

    func secret(_ value: Located<String>, _ what: String) -> SecretText? {
        do {
            return try SecretText(value.value, at: value.location)
        } catch {
            self.error(
                .badValue, at: value.location, "\(what): \(error.message)", expected: SecretText.forms)
            return nil
        }
    }

    func connection(_ node: Node, _ what: String) -> SecretText? {
        guard let text = secret(node, what) else { return nil }
        if text.holdsPlainPassword {
            report(
                .warning, .plainPassword, at: text.location, "\(what) holds a password in plain text",
                expected: "a reference to a secret", advice: "write \(SecretText.forms) in its place")
        }
        return text
    }

    /// A whole number in a range.
    func number(_ node: Node, _ what: String, _ range: ClosedRange<Int>) -> Int? {
        let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard let value = scalar(node, what, expected: expected) else { return nil }
        if let number = Int(value.value.replacing("_", with: "")), range.contains(number) { return number }
        error(.badValue, at: value.location, "\(what) cannot be \"\(value.value)\"", expected: expected)
        return nil
    }

    /// A size in bytes: a number, or one with kB, MB or GB (of 1024).
    func bytes(_ node: Node, _ what: String, _ range: ClosedRange<Int>) -> Int? {
        let expected = "a size such as 16MB"
        guard let value = scalar(node, what, expected: expected) else { return nil }
        let units = [("kB", 10), ("KB", 10), ("MB", 20), ("GB", 30)]
        let unit = units.first { value.value.hasSuffix($0.0) }
        let digits = value.value.dropLast(unit == nil ? 0 : 2).filter { $0 != " " && $0 != "_" }
        if let number = Int(digits), number >= 0, number <= range.upperBound >> (unit?.1 ?? 0),
            range.contains(number << (unit?.1 ?? 0))
        {
            return number << (unit?.1 ?? 0)
        }
        error(.badValue, at: value.location, "\(what) cannot be \"\(value.value)\"", expected: expected)
        return nil
    }

    /// A duration in milliseconds: a number with ms, s, m or h.
    func milliseconds(_ node: Node, _ what: String) -> Int? {
        let expected = "a duration such as 5ms, 2s, 10m or 1h"
        guard let value = scalar(node, what, expected: expected) else { return nil }
        let digits = value.value.prefix { $0.isASCII && $0.isNumber }
        let units = ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000]
        if let number = Int(digits), let unit = units[String(value.value.dropFirst(digits.count))], number < 1 << 32 {
            return number * unit
        }
        error(.badValue, at: value.location, "\(what) cannot be \"\(value.value)\"", expected: expected)
        return nil
    }
}
