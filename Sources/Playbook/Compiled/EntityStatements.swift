import Model

/// The SQL of one entity. Its text depends on the entity and on the set of columns present, never on row values, so
/// that each statement is prepared once per session.
///
/// Statements read the *stage*, a temporary table of the session with the source's columns and the columns of
/// `StageControl`. In the stage, and in every predicate over it, a row goes by the source table's bare name.
public struct EntityStatements: Sendable {
    let source: TableName
    let target: TableName
    let stageColumns: [StageColumn]
    let sourceKey: [Int]
    let fields: [CompiledField]
    let corrections: [StageCorrection]
    /// The target's columns that an INSERT may name (generated ones left out), in the target's order.
    public let insertableColumns: [String]
    /// The stage's name as SQL.
    public let stage: String

    init(
        entity: EntityName, source: TableName, target: TableName, stageColumns: [StageColumn], sourceKey: [Int],
        fields: [CompiledField], corrections: [StageCorrection], insertableColumns: [String]
    ) {
        self.source = source
        self.target = target
        self.stageColumns = stageColumns
        self.sourceKey = sourceKey
        self.fields = fields
        self.corrections = corrections
        self.insertableColumns = insertableColumns
        stage = "pg_temp.\(quotedIdentifier("stage_\(entity)"))"
    }

    /// The source table's bare name, by which predicates know a staged row, as SQL.
    public var alias: String { quotedIdentifier(source.name) }

    /// The stage as it was copied, under its alias: what scope predicates are put to.
    public var rawStage: String { "\(stage) AS \(alias)" }

    /// Key fields, in the key's order.
    var keyFields: [CompiledField] { fields.filter(\.isKey) }

    /// The fields whose dependencies are all in `present`.
    public func writable(_ present: ColumnSet) -> [CompiledField] {
        fields.filter { $0.dependencies.isSubset(of: present) }
    }
}

/// A column of the stage.
struct StageColumn: Hashable, Sendable {
    let name: String
    /// A type of the target that takes any text the source's column can hold.
    let type: String
}

/// A known defect that corrects staged rows.
struct StageCorrection: Hashable, Sendable {
    let defect: String
    let predicate: String
    /// The source columns that decide whether a row has the defect, those among them that other corrections look at.
    let dependencies: ColumnSet
    /// The source column and the SQL of its value.
    let values: [Int: String]
}

/// The columns of a stage that are not the source's.
public enum StageControl: String, Sendable, CaseIterable {
    /// `u` for a row to be written, `d` for one to be deleted.
    case operation = "_op"
    /// Which set of columns the image has: a number that the session gives to each `ColumnSet` it meets.
    case mask = "_mask"
    /// The source transaction.
    case transaction = "_xid"
    /// The event's place in its batch.
    case sequence = "_seq"
    /// The partition that it came from.
    case partition = "_partition"
    /// Whose the row is: a bit for each predicate of its `EntityOwnership`, set where the source owns. Not copied into
    /// the stage but judged there.
    case owned = "_owned"

    var definition: String {
        switch self {
        case .operation: "\"_op\" \"char\" NOT NULL DEFAULT 'u'"
        case .mask: "\"_mask\" integer NOT NULL DEFAULT 0"
        case .transaction: "\"_xid\" bigint"
        case .sequence: "\"_seq\" integer"
        case .partition: "\"_partition\" integer"
        case .owned: "\"_owned\" smallint NOT NULL DEFAULT -1"
        }
    }

    static var list: String { names(allCases) }

    /// Those that are copied into the stage.
    static var copied: String { names(allCases.filter { $0 != .owned }) }

    private static func names(_ columns: [StageControl]) -> String {
        columns.map { quotedIdentifier($0.rawValue) }.joined(separator: ", ")
    }
}
