import LibPQ

/// Reads the text form of a one-dimensional array.
public enum PostgresArray {
    /// The elements of `{a,"b c",NULL}`; nil when the text is not of that form.
    static func elements(_ text: String) -> [String?]? {
        guard text.first == "{", text.last == "}", text.count >= 2 else { return nil }
        var rest = text.dropFirst().dropLast()[...]
        var elements: [String?] = []
        if rest.isEmpty { return elements }
        while true {
            var element = ""
            var isQuoted = false
            if rest.first == "\"" {
                isQuoted = true
                rest.removeFirst()
                while let character = rest.popFirst(), character != "\"" {
                    guard character == "\\" else {
                        element.append(character)
                        continue
                    }
                    guard let escaped = rest.popFirst() else { return nil }
                    element.append(escaped)
                }
            } else {
                while let character = rest.first, character != "," {
                    element.append(character)
                    rest.removeFirst()
                }
            }
            elements.append(!isQuoted && element == "NULL" ? nil : element)
            guard let separator = rest.popFirst() else { return elements }
            guard separator == "," else { return nil }
        }
    }

    /// The elements of a key: an array without NULL; nil for anything else.
    public static func key(_ text: String?) -> [String]? {
        guard let text, let elements = elements(text) else { return nil }
        let key = elements.compactMap { $0 }
        return key.count == elements.count ? key : nil
    }
}

extension PostgresArray {
    /// The text form of an array.
    public static func literal(_ elements: [String]) -> String {
        guard case .text(let text) = Parameter.array(elements) else { return "{}" }
        return text
    }
}
