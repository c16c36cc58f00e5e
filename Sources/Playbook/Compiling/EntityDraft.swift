import ChangeEvents
import Model

/// An entity while it is compiled.
final class EntityDraft {
    let definition: EntityDefinition
    let ordinal: Int
    /// nil when the source cannot be asked.
    let sourceTable: CatalogTable?
    let targetTable: CatalogTable
    var columns: [DraftColumn] = []
    /// The source columns that events are keyed by, in order.
    var eventKey: [String] = []
    /// The key's target columns.
    var key: [Located<String>] = []
    var fields: [DraftField] = []
    var corrections: [DraftCorrection] = []
    var quarantines: [CompiledQuarantine] = []
    /// Target tables that expressions look up.
    var lookups: Set<TableName> = []
    var compiledFields: [CompiledField] = []
    var sourceKey: [Int] = []

    init(_ definition: EntityDefinition, ordinal: Int, sourceTable: CatalogTable?, targetTable: CatalogTable) {
        self.definition = definition
        self.ordinal = ordinal
        self.sourceTable = sourceTable
        self.targetTable = targetTable
    }

    var name: EntityName { definition.name.value }
    var source: TableName { definition.from.value }
    var target: TableName { definition.into.value }
    var alias: String { quotedIdentifier(source.name) }

    /// The number of the source column that SQL is the plain name of, if it is.
    func plainColumn(_ sql: String) -> Int? {
        let text = sql.trimmingPrefix { $0.isWhitespace }
        let trimmed = String(text.reversed().drop { $0.isWhitespace }.reversed())
        if trimmed.hasPrefix("\""), trimmed.hasSuffix("\""), trimmed.count > 2 {
            let name = trimmed.dropFirst().dropLast().replacing("\"\"", with: "\"")
            return columns.firstIndex { $0.name == name }
        }
        return columns.firstIndex { $0.name == trimmed } ?? columns.firstIndex { $0.name == trimmed.lowercased() }
    }

    /// Statements over what is compiled so far.
    func statements() -> EntityStatements {
        EntityStatements(
            entity: name, source: source, target: target,
            stageColumns: columns.map { StageColumn(name: $0.name, type: $0.stageType) }, sourceKey: sourceKey,
            fields: compiledFields,
            corrections: corrections.map { correction in
                StageCorrection(
                    defect: correction.defect, predicate: correction.predicate, dependencies: correction.decidedBy,
                    values: correction.values.mapValues(\.sql))
            },
            insertableColumns: targetTable.columns.filter { !$0.isGenerated }.map(\.name))
    }
}

/// A source column while its entity is compiled.
struct DraftColumn {
    var name: String
    var type: SourceType
    var isKey: Bool
    /// The type that the stage gives it, as the target knows it.
    var stageType: String
    /// Whether the stage holds it as text because the target lacks its type, or may lack a value of it.
    var isStagedAsText: Bool
    var catalog: CatalogColumn?
}

/// A field while its entity is compiled.
struct DraftField {
    let column: CatalogColumn
    /// What the playbook says; for `fields: same`, the place of those words.
    let expression: SQLExpression
    let plainColumn: Int?
    let mask: Located<FieldDefinition.Mask>?
    let reverse: SQLExpression?
    let seed: FieldDefinition.Seed
    var tolerance: Located<FieldTolerance>?
    /// What rules of ownership call it: the target column of the forward mapping.
    let name: String
}

/// A defect that corrects rows, while its entity is compiled.
struct DraftCorrection {
    let defect: String
    let predicate: String
    let predicateDependencies: ColumnSet
    /// The columns that the predicate depends on once the corrections before it are made.
    let decidedBy: ColumnSet
    /// By source column, the SQL of its value and what that depends on.
    var values: [Int: (sql: String, dependencies: ColumnSet)]
}
