public import Ledger
import Model

/// What the source's rows of an entity are like, and what of them the target would not take.
public struct EntityProfile: Hashable, Sendable, Codable {
    public let entity: String
    /// The wave whose rows were looked at; nil for all rows.
    public let wave: String?
    public let source: String
    public let target: String
    /// Rows there are, about.
    public let rowsEstimated: Int
    /// Rows that were looked at for `columns`.
    public let rowsLooked: Int
    /// Whether those are a sample.
    public let isSample: Bool
    /// Rows that were put to the mapping.
    public let rowsMapped: Int
    /// The source's columns.
    public let columns: [FieldStatistics]
    /// The target's columns, as the mapping makes them.
    public let fields: [FieldStatistics]
    public let rejections: [Rejection]
    public let duplicates: [DuplicateKey]
    public let orphans: [Orphans]
    public let suggestions: [DefectSuggestion]
    /// What could not be found out.
    public let notes: [String]
    public let seconds: Double

    /// Whether something was found that a load would stumble over.
    public var hasDefects: Bool {
        !rejections.isEmpty || duplicates.contains { $0.keys > 0 } || orphans.contains { $0.rows > 0 }
    }

    /// What the ledger keeps of it: no row's value.
    public var record: ProfileRecord {
        func values(_ statistics: [FieldStatistics], _ origin: ProfileRecord.Value.Origin) -> [ProfileRecord.Value] {
            statistics.map(\.withoutValues).map { field in
                ProfileRecord.Value(
                    origin: origin, name: field.name, kind: field.kind.rawValue, rows: field.rows, nulls: field.nulls,
                    distinct: field.distinct, distinctInTable: field.distinctInTable, deciles: field.deciles,
                    lengths: field.lengths)
            }
        }
        return ProfileRecord(
            wave: wave.map(WaveName.init(rawValue:)), rowsEstimated: rowsEstimated, rowsLooked: rowsLooked,
            isSample: isSample, values: values(columns, .column) + values(fields, .field))
    }
}
