internal import ChangeEvents
internal import Playbook

extension CompiledEntity {
    /// Whether no two source keys can mean the same target key: every key field is a plain copy into a type that tells
    /// apart whatever the source's does. `lower(email)`, citext and a shorter numeric do not.
    var hasInjectiveKey: Bool {
        fields.filter(\.isKey).allSatisfy { field in
            guard let column = field.sourceColumn else { return false }
            return sourceColumns[column].type.isDistinct(in: SourceType(postgres: field.targetType))
        }
    }
}

extension SourceType {
    /// Whether different values stay different as values of `target`.
    fileprivate func isDistinct(in target: SourceType) -> Bool {
        let integers: Set = ["int2", "int4", "int8", "tinyint", "smallint", "mediumint", "int", "bigint"]
        if target.isArray || isArray { return isArray == target.isArray && name == target.name }
        if integers.contains(name), integers.contains(target.name) { return true }
        if target.name == "text" || target.name == "varchar" { return true }
        guard name == target.name else { return false }
        return target.length == nil || (target.length == length && target.scale == scale)
    }
}
