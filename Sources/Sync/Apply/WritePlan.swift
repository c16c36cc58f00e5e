internal import Playbook

/// How final images of one shape are written.
struct WritePlan {
    /// The statements over the images of mask `$1`, one for each set of rights that they can have.
    let sql: [String]
    /// Whether the images cannot make a row where there is none: such rows are read again from the source.
    let needsRow: Bool
    /// Whether every image must be read again, because a field is made of a value that came and one that did not.
    let needsSource: Bool
    /// Whether the images came from other keys: a row under the key may be of another life, and the row under the old key
    /// may have been, so that only the source knows what they lack.
    let isArrival: Bool
    /// The columns that the images bring.
    let present: ColumnSet

    init(entity: CompiledEntity, shape: RowShape, ownership: EntityOwnership) {
        let statements = entity.statements
        present = shape.present
        sql = ownership.rights(of: entity).compactMap { rights in
            shape.isPartial
                ? statements.update(present: shape.present, rights: rights)
                : statements.upsert(present: shape.present, rights: rights)
        }
        needsRow = shape.isPartial
        isArrival = shape.isArrival
        needsSource =
            shape.isPartial
            && entity.fields.contains { field in
                !field.dependencies.isSubset(of: shape.present)
                    && field.dependencies.columns.contains { shape.present.contains($0) }
            }
    }
}
