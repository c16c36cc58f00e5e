public import Model

/// One entity as the playbook has it: a source table, a target table, and how a row of one becomes a row of the other.
public struct EntityDefinition: Sendable {
    /// The target columns and where their values come from.
    public enum Fields: Sendable {
        /// Every column that both tables have, by equal name.
        case same
        /// The ones named.
        case named([FieldDefinition])
    }

    /// How far the order of keys can be relied upon.
    public enum KeyOrder: String, Sendable, CaseIterable {
        /// Ranges mean the same on both sides.
        case strong
        /// Ranges are compared on the source alone.
        case weak
    }

    public var name: Located<EntityName>
    /// The source table.
    public var from: Located<TableName>
    /// The target table.
    public var into: Located<TableName>
    /// The target columns that identify a row; empty for the target table's primary key.
    public var key: [Located<String>]
    public var fields: Fields
    /// Where `fields` stands.
    public var fieldsLocation: FileLocation
    /// Known defects of the source's rows, in order.
    public var defects: [DefectDefinition]
    /// Business rules on target rows, by name.
    public var checks: [CheckDefinition]
    /// The source's columns and their PostgreSQL types, for sources that cannot be asked.
    public var columns: [ColumnDefinition]
    /// nil: as the key's types allow.
    public var order: KeyOrder?
    /// What is done when the source no longer keeps to its contract; nil: by what has changed.
    public var drift: DriftPolicy?
}

/// One target column and the expression that makes it.
public struct FieldDefinition: Sendable {
    /// What hides a value.
    public enum Mask: Sendable {
        /// A keyed SHA-256 (HMAC) of the value's text, in hexadecimal.
        case hmac
        /// A constant in its place.
        case redact
        /// NULL.
        case null
        /// An expression of the source row in its place.
        case sql(SQLExpression)
    }

    /// Whether a field that the target owns is written once when its row is inserted.
    public enum Seed: String, Sendable, CaseIterable {
        case once
        case never
    }

    /// The target column.
    public var column: Located<String>
    /// SQL over the source row.
    public var from: SQLExpression
    /// SQL over the target row that gives back what the source holds.
    public var reverse: SQLExpression?
    public var mask: Located<Mask>?
    public var seed: Seed
    /// How far the two sides may differ and still count as equal.
    public var tolerance: Located<FieldTolerance>?
    /// In an inverted mapping, where `column` is the source's: the target column whose field this turns round.
    public var forwardColumn: String?
}

/// A known defect of the source's rows and what is done about it.
public struct DefectDefinition: Sendable {
    /// What is done with a row that has the defect.
    public enum Action: Sendable {
        /// The named source columns are taken to hold these values instead.
        case set([(column: Located<String>, value: SQLExpression)])
        /// The row is set aside.
        case quarantine
    }

    public var name: Located<String>
    /// SQL over the source row.
    public var predicate: SQLExpression
    public var action: Action
}

/// A business rule on the target's rows.
public struct CheckDefinition: Sendable {
    public var name: Located<String>
    /// SQL over the target row that is to hold.
    public var predicate: SQLExpression
}

/// A column of a source that cannot be asked.
public struct ColumnDefinition: Sendable {
    public var name: Located<String>
    /// A type as PostgreSQL writes it, `numeric(10,2)`.
    public var type: Located<String>
}
