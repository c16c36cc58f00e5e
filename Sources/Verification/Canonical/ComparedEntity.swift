import ChangeEvents
import Ledger
import Model
import Playbook

/// What of an entity's rows is compared in an epoch of ownership, and the SQL that reads it on either side.
///
/// The mapping is the compiled one that loads and lanes write by. It is put to the staged source row in the target, as
/// they do; or, where it is plain enough, to the source's own row, so that no row has to travel. Both sides' values are
/// brought to the form of `CanonicalForm` and left out where the target owns them.
struct ComparedEntity: Sendable {
    /// Where rows are read.
    enum Reading: Sendable {
        /// The source's table, in a session of the source.
        case source
        /// The stage with the source's rows, in a session of the target.
        case stage
        /// The target's table.
        case target
    }

    let entity: CompiledEntity
    let id: EntityID
    let ownership: EntityOwnership
    let form: DigestForm
    /// The scopes whose rows may be in the target.
    let started: [CompiledScope]
    /// Those of them whose rows must be.
    let live: [CompiledScope]
    /// The fields that the source owns, of all rows or some, the key among them.
    let fields: [CompiledField]

    var name: EntityName { entity.name }
    var statements: EntityStatements { entity.statements }

    init(
        _ entity: CompiledEntity, id: EntityID, scopes: EntityScopes, ownership: EntityOwnership, form: DigestForm
    ) {
        self.entity = entity
        self.id = id
        self.ownership = ownership
        self.form = form
        started = scopes.started.compactMap { entity.scope(in: $0) }
        live = started.filter { scopes.state(of: $0.wave) == .live }
        fields = entity.fields.filter { $0.isKey || ownership.owners[$0.column] != .always(.target) }
    }

    /// Whether key ranges mean the same on both sides. Otherwise there is one range, with every key.
    var hasRanges: Bool { entity.keyOrder == .strong && hasPlainKey }

    /// Whether a target key tells which source row it is of.
    var hasPlainKey: Bool {
        entity.fields.filter(\.isKey).map(\.sourceColumn) == entity.sourceKey.map(Optional.some)
    }

    /// Whether the mapping may be put to the source's own row: it looks nothing up, masks nothing and corrects nothing.
    /// The source has to be asked besides whether it can plan it.
    var mayReadOnSource: Bool {
        statements.correctedStage == statements.rawStage && entity.quarantines.isEmpty
            && fields.allSatisfy { field in
                field.sourceColumn != nil
                    || !field.sql.contains("tidegate.mask_") && !field.sql.lowercased().contains("select")
            }
    }

    // MARK: Values

    private func value(_ field: CompiledField, _ reading: Reading) -> String {
        switch reading {
        case .source:
            let plain = field.sourceColumn.map {
                "\(statements.alias).\(quotedIdentifier(entity.sourceColumns[$0].name))"
            }
            return field.canonical.storedOnSource(plain ?? field.sql)
        case .stage: return field.canonical.stored(field.sql)
        case .target: return "_target.\(quotedIdentifier(field.column))"
        }
    }

    /// Whether the source owns what a predicate is about, of the row that is read.
    private func isOwned(_ predicate: Int, _ reading: Reading) -> String {
        switch reading {
        case .source: "(\(ownership.predicates[predicate].source))"
        case .stage: "(\(statements.alias).\"_owned\" & \(1 << predicate) <> 0)"
        case .target: "(\(ownership.predicates[predicate].target))"
        }
    }

    /// Of each compared field what its digest takes: NULL where the target owns it.
    private func digested(_ reading: Reading) -> [DigestForm.Value] {
        fields.map { field in
            let digested = field.canonical.digested(value(field, reading))
            let function = field.canonical.hashFunction
            guard !field.isKey, case .byRow(let predicate) = ownership.owners[field.column] else {
                return DigestForm.Value(sql: digested, function: function, isNeverNull: field.isKey || field.isNotNull)
            }
            return DigestForm.Value(
                sql: "CASE WHEN \(isOwned(predicate, reading)) THEN \(digested) END", function: function)
        }
    }

    /// The text of each compared field's value, whoever owns it.
    func compared(_ reading: Reading) -> [String] {
        fields.map { "CAST(\($0.canonical.compared(value($0, reading))) AS text)" }
    }

    /// The key as text[], the same on both sides for the same row.
    func keyText(_ reading: Reading) -> String {
        switch reading {
        case .source:
            let keys = entity.fields.filter(\.isKey).map { "CAST(\(value($0, .source)) AS text)" }
            return "ARRAY[\(keys.joined(separator: ", "))]"
        case .stage: return statements.stageKeyText
        case .target: return statements.targetKeyText()
        }
    }

    /// The bits of the predicates of ownership, of target rows.
    var targetBits: String {
        let bits = ownership.predicates.indices.map { "CASE WHEN \(isOwned($0, .target)) THEN \(1 << $0) ELSE 0 END" }
        return bits.isEmpty ? "0" : bits.joined(separator: " + ")
    }

    // MARK: Rows

    func table(_ reading: Reading) -> String {
        switch reading {
        case .source: statements.sourceTable
        case .stage: statements.correctedStage
        case .target: "\(entity.target.quoted) AS _target"
        }
    }

    func keyColumns(_ reading: Reading) -> [String] {
        reading == .target ? statements.targetKeyList.map { "_target.\($0)" } : statements.sourceKeyList
    }

    /// The predicate of the rows in some scopes, over the source's table; nil for all of them.
    func inScope(_ scopes: [CompiledScope]) -> String? {
        if scopes.contains(where: \.isAll) { return nil }
        return scopes.isEmpty ? "false" : scopes.map { "(\($0.sourcePredicate))" }.joined(separator: " OR ")
    }

    /// Which rows have anything that the source owns; nil when all may.
    private func hasOwned(_ reading: Reading) -> String? {
        let owners = fields.filter { !$0.isKey }.map { ownership.owners[$0.column] } + [ownership.rowOwner]
        var predicates: Set<Int> = []
        for owner in owners {
            switch owner {
            case .byRow(let predicate): predicates.insert(predicate)
            case .always(.target): continue
            case .always(.source), nil: return nil
            }
        }
        if predicates.isEmpty { return nil }
        return predicates.sorted().map { isOwned($0, reading) }.joined(separator: " OR ")
    }

    /// Which rows are compared in a range.
    func condition(_ reading: Reading, _ range: KeyRange) -> String {
        var conditions = reading == .stage ? [isTaken] : [range.holds(keyColumns(reading))]
        if reading == .source, let inScope = inScope(started) { conditions.append("(\(inScope))") }
        if let hasOwned = hasOwned(reading) { conditions.append("(\(hasOwned))") }
        return conditions.joined(separator: " AND ")
    }

    /// Which staged rows have no defect for which they are set aside.
    private var isTaken: String { "\(statements.alias).\"_op\" = 'u'" }

    // MARK: Statements

    /// The hash of each row of a range, as `h`, after other columns.
    private func hashes(_ reading: Reading, _ range: KeyRange, besides columns: [String] = []) -> String {
        let selected = columns + ["\(form.hash(of: digested(reading))) AS h"]
        return "SELECT \(selected.joined(separator: ", ")) FROM \(table(reading)) WHERE \(condition(reading, range))"
    }

    /// Number and sums of a range.
    func digest(_ reading: Reading, _ range: KeyRange) -> String { DigestForm.digest(hashes(reading, range)) }

    /// Key and hash of each row of a range.
    func listing(_ reading: Reading, _ range: KeyRange) -> String {
        hashes(reading, range, besides: ["\(keyText(reading)) AS k"])
    }

    /// The keys of the staged rows and the target's rows that differ, or that only one of them has.
    func differing(_ range: KeyRange) -> String {
        """
        SELECT k FROM (\(listing(.stage, range)) OFFSET 0) AS s FULL JOIN (\(listing(.target, range)) OFFSET 0) AS t USING (k)
        WHERE s.h IS DISTINCT FROM t.h OR s.h IS NULL OR t.h IS NULL
        """
    }

    /// Every `step`-th key of a range, as texts.
    func splits(_ reading: Reading, _ range: KeyRange, step: Int) -> String {
        let keys = keyColumns(reading)
        let texts = keys.enumerated().map { "\($1)::text AS k\($0)" }.joined(separator: ", ")
        let names = keys.indices.map { "k\($0)" }.joined(separator: ", ")
        return """
            SELECT \(names) FROM (
                SELECT \(texts), row_number() OVER (ORDER BY \(keys.joined(separator: ", "))) AS n
                FROM \(table(reading)) WHERE \(condition(reading, range))) AS r
            WHERE n > 1 AND n % \(step) = 1 ORDER BY n
            """
    }
}
