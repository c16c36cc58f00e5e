import Model

/// Whose the staged rows are: the column `_owned` of the stage, one bit for each predicate of an `EntityOwnership`, set
/// where the source owns both the incoming and the stored row.
extension EntityStatements {
    /// Judges the staged images of mask `$1` by what they say themselves.
    ///
    /// A predicate that looks at a column not in `present` is left to the stored row: the column has not changed.
    public func judgeImages(_ ownership: EntityOwnership, present: ColumnSet) -> String {
        let bits = ownership.predicates.enumerated().map { bit, rule in
            rule.dependencies.isSubset(of: present)
                ? "CASE WHEN \(rule.source) THEN \(1 << bit) ELSE 0 END" : "\(1 << bit)"
        }
        return """
            UPDATE \(stage) AS \(alias) SET "_owned" = \(bits.joined(separator: " + ")) \
            WHERE \(alias)."_op" = 'u' AND \(alias)."_mask" = $1
            """
    }

    /// Judges every staged row that is in the target by what is stored there, too, and locks those rows, in key order, so
    /// that the judgement holds until they are written.
    public func judgeStored(_ ownership: EntityOwnership) -> String {
        let bits = ownership.predicates.enumerated().map { "CASE WHEN \($1.target) THEN \(1 << $0) ELSE 0 END" }
        let all = (1 << ownership.predicates.count) - 1
        return """
            WITH stored AS (SELECT \(alias).ctid AS place, \(bits.joined(separator: " + ")) AS bits \
            FROM \(rawStage) JOIN \(target.quoted) AS _target ON \(stageKeyEquality("_target")) \
            ORDER BY \(targetKeyList.map { "_target.\($0)" }.joined(separator: ", ")) FOR UPDATE OF _target) \
            UPDATE \(stage) AS \(alias) SET "_owned" = (\(alias)."_owned" & \(all)) & stored.bits \
            FROM stored WHERE \(alias).ctid = stored.place
            """
    }

    /// Whether a staged delete is of a row that the target owns wholly or in part, as a condition over the stage.
    public func isForeignDelete(_ ownership: EntityOwnership) -> String? {
        if ownership.isAllSource { return nil }
        let ownsAny = ownership.owners.values.contains(.always(.target)) || ownership.rowOwner == .always(.target)
        let all = (1 << ownership.predicates.count) - 1
        let byRow = "(\(alias).\"_owned\" & \(all)) <> \(all)"
        let isStored = "EXISTS (SELECT FROM \(target.quoted) AS _target WHERE \(stageKeyEquality("_target")))"
        return "\(alias).\"_op\" = 'd' AND \(ownsAny ? "true" : byRow) AND \(isStored)"
    }
}
