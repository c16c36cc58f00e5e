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

    /// Judges the staged images of mask `$1` that are not in the target yet as the source's: a baseline makes rows whoever
    /// owns them.
    public func judgeAbsent(_ ownership: EntityOwnership) -> String {
        """
        UPDATE \(stage) AS \(alias) SET "_owned" = \((1 << ownership.predicates.count) - 1) WHERE \(isImage) \
        AND NOT EXISTS (SELECT FROM \(target.quoted) AS _target WHERE \(stageKeyEquality("_target")))
        """
    }

    /// Whether the source owns a row of the target as a whole, as SQL over `_target`; nil when it owns every row.
    public func isSourcesRow(_ ownership: EntityOwnership) -> String? {
        switch ownership.rowOwner {
        case .always(.source): nil
        case .always(.target): "false"
        case .byRow(let number): ownership.predicates[number].target
        }
    }

    /// Whether a staged row that is in the target belongs to it as a whole, as SQL over the judged stage.
    public func isForeignRow(_ ownership: EntityOwnership) -> String {
        switch ownership.rowOwner {
        case .always(let side): side == .target ? "true" : "false"
        case .byRow(let number): "\(alias).\"_owned\" & \(1 << number) = 0"
        }
    }

    /// Counts, over the judged images of mask `$1`, those whose value of a field differs from the stored one and is not
    /// the source's to write: one number for each field given; nil when there is none.
    public func countSuppressed(
        _ ownership: EntityOwnership, present: ColumnSet
    ) -> (fields: [String], sql: String)? {
        let foreign = writable(present).filter { !$0.isKey && ownership.owners[$0.column] != .always(.source) }
        guard !foreign.isEmpty else { return nil }
        let counts = foreign.map { field in
            var isForeign = "true"
            if case .byRow(let number)? = ownership.owners[field.column] {
                isForeign = "\(alias).\"_owned\" & \(1 << number) = 0"
            }
            let value = "(SELECT \(field.sql) FROM (SELECT \(alias).*) AS \(alias))"
            return """
                count(*) FILTER (WHERE \(isForeign) AND \(value) IS DISTINCT FROM _target.\(quotedIdentifier(field.column)))
                """
        }
        return (
            foreign.map(\.name),
            """
            SELECT \(counts.joined(separator: ", ")) FROM \(correctedStage) \
            JOIN \(target.quoted) AS _target ON \(stageKeyEquality("_target")) WHERE \(isImage)
            """
        )
    }

    /// Whether a staged image of mask `$1` with these rights writes nothing; nil when each writes something.
    public func isWrittenNowhere(_ rights: FieldRights, changesRows: Bool) -> String? {
        let exists = "EXISTS (SELECT FROM \(target.quoted) AS _target WHERE \(stageKeyEquality("_target")))"
        let isOne = "\(isImage)\(rights.condition(alias))"
        switch (rights.mayInsert, changesRows) {
        case (true, true): return nil
        case (true, false): return "\(isOne) AND \(exists)"
        case (false, true): return "\(isOne) AND NOT \(exists)"
        case (false, false): return isOne
        }
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
