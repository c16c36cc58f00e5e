/// Texts as YAML scalars.
public enum YAMLText {
    /// The text plain where YAML takes it as it is, else in double quotes.
    public static func value(_ text: String) -> String {
        let isPlain = text.unicodeScalars.allSatisfy { scalar in
            scalar == "_" || scalar == "-" || scalar == "." || ("0"..."9").contains(scalar)
                || ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
        }
        let isWord = isPlain && text.first?.isLetter == true
        return isWord && !["true", "false", "null", "yes", "no", "on", "off"].contains(text.lowercased())
            ? text : quoted(text)
    }

    /// The text in double quotes.
    public static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case "\r": quoted += "\\r"
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
