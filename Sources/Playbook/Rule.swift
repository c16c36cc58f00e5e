/// What a finding is about. The words appear in listings and in JSON.
public enum Rule: String, Sendable, CaseIterable {
    // The file alone.
    case yamlSyntax = "yaml-syntax"
    case unknownKey = "unknown-key"
    case duplicateKey = "duplicate-key"
    case missingKey = "missing-key"
    case wrongKind = "wrong-kind"
    case badValue = "bad-value"
    case unknownEntity = "unknown-entity"
    case unknownWave = "unknown-wave"
    case missingSecret = "missing-secret"
    case plainPassword = "plain-password"
    case notInForce = "not-in-force"
    case sharedTable = "shared-table"
    // The file against the databases.
    case unknownTable = "unknown-table"
    case unknownColumn = "unknown-column"
    case expression
    case typeMismatch = "type-mismatch"
    case requiredColumn = "required-column"
    case unmappedColumn = "unmapped-column"
    case generatedColumn = "generated-column"
    case keyNotUnique = "key-not-unique"
    case keyNotInEvents = "key-not-in-events"
    case keyNotPlain = "key-not-plain"
    case weakKeyOrder = "weak-key-order"
    case noInverse = "no-inverse"
    case cutForeignKey = "cut-foreign-key"
    case scopeParent = "scope-parent"
    case ownershipOverlap = "ownership-overlap"
    case ownershipCondition = "ownership-condition"
    case referenceCycle = "reference-cycle"
    case reservedColumn = "reserved-column"
    case masking
    // The world around.
    case nullDefault = "null-default"
    case connectorSetting = "connector-setting"
    case replicaIdentity = "replica-identity"
    case roleRights = "role-rights"
    case serverSetting = "server-setting"
    case kafka
}
