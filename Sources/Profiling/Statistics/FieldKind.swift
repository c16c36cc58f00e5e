import Playbook

/// What can be said about values of a type.
public enum FieldKind: String, Hashable, Sendable, Codable {
    /// Numbers: their range and their deciles.
    case number
    /// Dates and points in time: the same, in seconds since 1970.
    case time
    /// Texts: lengths, forms, and what is odd in them.
    case text
    /// Truth values and enumerations: how many there are.
    case label
    /// Everything else: NULLs and sizes.
    case other

    private static let numbers: Set<String> = ["int2", "int4", "int8", "numeric", "float4", "float8"]
    private static let times: Set<String> = ["date", "timestamp", "timestamptz"]

    /// What a column's type says.
    init(_ column: CatalogColumn) {
        if column.isArray {
            self = .other
        } else if column.isEnumeration || column.category == "B" {
            self = .label
        } else if Self.numbers.contains(column.elementName) {
            self = .number
        } else if Self.times.contains(column.elementName) {
            self = .time
        } else {
            self = column.category == "S" ? .text : .other
        }
    }
}
