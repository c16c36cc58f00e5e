internal import ChangeEvents
internal import Model
internal import Playbook

extension CompiledEntity {
    /// Whether a row is carried over in the target when its key changes: the target has columns that events do not
    /// bring, or events may leave out large values that did not change.
    var movesRows: Bool {
        let written = Set(fields.map(\.column))
        return statements.insertableColumns.contains { !written.contains($0) }
            || mayBeShared || sourceColumns.contains { $0.type.mayBeLarge }
    }

    /// Whether rows that the forward flow makes get values in the target that the source has not seen: columns that are
    /// never seeded.
    var hasOwnDefaults: Bool { flow == .reverse && fields.contains { !$0.isSeeded } }
}

extension SourceType {
    /// Whether PostgreSQL may store its values out of line, so that an unchanged one is not in the event.
    var mayBeLarge: Bool {
        let fixed: Set = [
            "int2", "int4", "int8", "float4", "float8", "bool", "date", "time", "timetz", "timestamp", "timestamptz",
            "interval", "uuid", "oid", "money", "macaddr", "macaddr8", "char", "name", "inet", "cidr", "point",
        ]
        if isArray { return true }
        if isEnumeration || fixed.contains(name) { return false }
        if name == "numeric", let length, length <= 30 { return false }
        return true
    }
}
