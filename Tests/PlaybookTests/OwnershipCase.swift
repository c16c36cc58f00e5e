import Model

/// A random row of the ownership tests' tables; nil for NULL.
struct OwnershipRow: Hashable {
    var region: String?
    var amount: Int?
    var flag: Bool?
    /// The fields a, b, c and d.
    var values: [Int]

    static func random(using generator: inout some RandomNumberGenerator) -> OwnershipRow {
        OwnershipRow(
            region: [nil, "EU", "US", "AP"].randomElement(using: &generator) ?? nil,
            amount: [nil, 1, 5, 9].randomElement(using: &generator) ?? nil,
            flag: [nil, true, false].randomElement(using: &generator) ?? nil,
            values: (0..<4).map { _ in Int.random(in: 0...3, using: &generator) })
    }

    /// The row as SQL, without its key.
    var sql: String {
        let text = region.map { "'\($0)'" } ?? "NULL"
        let number = amount.map(String.init) ?? "NULL"
        let truth = flag.map(String.init) ?? "NULL"
        return ([text, number, truth] + values.map(String.init)).joined(separator: ", ")
    }
}

/// Conditions as SQL, and as this test understands them: nil for unknown.
enum OwnershipTestCondition: String, CaseIterable {
    case european = "region = 'EU'"
    case notAmerican = "region <> 'US'"
    case large = "amount > 4"
    case flagged = "flag"
    case either = "region = 'EU' OR flag"

    func holds(for row: OwnershipRow) -> Bool? {
        switch self {
        case .european: row.region.map { $0 == "EU" }
        case .notAmerican: row.region.map { $0 != "US" }
        case .large: row.amount.map { $0 > 4 }
        case .flagged: row.flag
        case .either:
            switch (row.region.map { $0 == "EU" }, row.flag) {
            case (true?, _), (_, true?): true
            case (false?, false?): false
            default: nil
            }
        }
    }
}

/// A random rule.
struct OwnershipTestRule {
    /// Numbers of the fields a to d; nil for the row.
    var fields: Set<Int>?
    var condition: OwnershipTestCondition?
    var owner: Side

    static func random(using generator: inout some RandomNumberGenerator) -> OwnershipTestRule {
        let fields = Set((0..<4).filter { _ in Bool.random(using: &generator) })
        return OwnershipTestRule(
            fields: fields.isEmpty ? nil : fields,
            condition: Bool.random(using: &generator)
                ? OwnershipTestCondition.allCases.randomElement(using: &generator) : nil,
            owner: Bool.random(using: &generator) ? .source : .target)
    }

    var yaml: String {
        let names = ["a", "b", "c", "d"]
        let list = fields.map { ", fields: [\($0.sorted().map { names[$0] }.joined(separator: ", "))]" } ?? ""
        return "{ entity: s\(list)\(condition.map { ", where: \"\($0.rawValue)\"" } ?? ""), owner: \(owner.rawValue) }"
    }
}

/// What should happen, worked out rule by rule and row by row: knows nothing of statements.
struct OwnershipOracle {
    let defaultOwner: Side
    let rules: [OwnershipTestRule]
    /// Fields that an insert does not write when the target owns them.
    let unseeded: Set<Int>

    /// The owner of a field (nil: of the row).
    func owner(of field: Int?, in row: OwnershipRow) -> Side {
        for rule in rules.reversed() {
            if let fields = rule.fields {
                guard let field, fields.contains(field) else { continue }
            }
            if let condition = rule.condition, condition.holds(for: row) != true { continue }
            return rule.owner
        }
        return defaultOwner
    }

    /// The target's row after the source wrote `incoming`, where `stored` was; a nil value is a column's default.
    func write(_ incoming: OwnershipRow, over stored: OwnershipRow?) -> (row: OwnershipRow, values: [Int?])? {
        guard let stored else {
            guard owner(of: nil, in: incoming) == .source else { return nil }
            let values = incoming.values.indices.map { field in
                owner(of: field, in: incoming) == .source || !unseeded.contains(field) ? incoming.values[field] : nil
            }
            return (incoming, values)
        }
        var row = stored
        for field in row.values.indices
        where owner(of: field, in: incoming) == .source && owner(of: field, in: stored) == .source {
            row.values[field] = incoming.values[field]
        }
        // region, amount and flag belong to the row as a whole.
        if owner(of: nil, in: incoming) == .source, owner(of: nil, in: stored) == .source {
            (row.region, row.amount, row.flag) = (incoming.region, incoming.amount, incoming.flag)
        }
        return (row, row.values)
    }

    /// Whether the source may delete the row by itself.
    func mayDelete(_ stored: OwnershipRow) -> Bool {
        ([nil] + stored.values.indices.map { $0 }).allSatisfy { owner(of: $0, in: stored) == .source }
    }
}
