import Ledger
import LibPQ
import Model
import Playbook

/// A playbook file beside the playbook in force, and the source beside the contracts in force.
struct PlaybookComparison: Encodable {
    /// A way in which the source differs from an entity's contract.
    struct ContractLine: Encodable {
        let entity: String
        let change: String
        /// What the entity's `drift` makes of it: `alert`, `pause` or `ignore`.
        let reaction: String
    }

    let isSamePlaybook: Bool
    /// nil when the text in force cannot be compared, because it held secrets in plain text that are not kept.
    let playbook: [PlaybookDifference.Change]?
    let contract: [ContractLine]

    /// Whether nothing differs.
    var isEmpty: Bool { isSamePlaybook && contract.isEmpty }

    /// Reads what is in force, and the source's catalog where there is one.
    init(_ file: Playbook, ledger: Connection) throws {
        let playbooks = Playbooks(on: ledger)
        isSamePlaybook = try playbooks.active(file.name) == file.hash(on: ledger)
        let before = try playbooks.activeText(file.name) ?? "{}"
        playbook = isSamePlaybook ? [] : PlaybookDifference(from: before, to: file.textWithoutSecrets)?.changes
        contract = try Self.contractLines(file, ledger)
    }

    private static func contractLines(_ file: Playbook, _ ledger: Connection) throws -> [ContractLine] {
        guard let secret = file.source.postgres else { return [] }
        let pinned = try Contracts(on: ledger).inForce()
        let source = try Connection(try secret.connectionString(), applicationName: "tidegate playbook")
        let catalog = try Catalog(reading: file.entities.map(\.from.value), on: source)
        return file.entities.flatMap { entity -> [ContractLine] in
            guard let contract = pinned[entity.name.value]?.contract,
                contract.table == entity.from.value.description
            else { return [] }
            let now = catalog[entity.from.value].map(file.contract)
            return contract.difference(to: now).map { change in
                ContractLine(
                    entity: entity.name.value.rawValue, change: "\(change)",
                    reaction: DriftPolicy.reaction(to: change, policy: entity.drift).rawValue)
            }
        }
    }

    var text: String {
        var text = ""
        if let playbook {
            for change in playbook {
                text +=
                    "\(change.path): \(change.before ?? "-") -> \(change.after ?? "-")  [\(change.meaning.rawValue)]\n"
            }
            if !isSamePlaybook, playbook.isEmpty { text += "only comments, order or spacing differ\n" }
        } else {
            text += "it differs from the playbook in force, whose text held secrets and cannot be compared\n"
        }
        for line in contract { text += "source of \(line.entity): \(line.change)  [\(line.reaction)]\n" }
        return text.isEmpty ? "nothing differs\n" : text
    }
}

/// Versions and contracts, as `playbook list` shows them.
struct PlaybookListing: Encodable {
    /// A contract in force.
    struct Contract: Encodable {
        let entity: String
        let table: String
        let version: Int
        let fingerprint: String
        let columns: Int
        let key: [String]
    }

    let versions: [Playbooks.Version]
    let contracts: [Contract]

    init(versions: [Playbooks.Version], contracts: [EntityName: PinnedContract]) {
        self.versions = versions
        self.contracts = contracts.sorted { $0.key < $1.key }.map { name, pinned in
            Contract(
                entity: name.rawValue, table: pinned.contract.table, version: pinned.version,
                fingerprint: pinned.fingerprint, columns: pinned.contract.columns.count, key: pinned.contract.key)
        }
    }

    var text: String {
        var versions = TextColumns(["version", "in force since", "by", "hash"], numeric: [0])
        for version in self.versions {
            versions.add(["\(version.version)", version.at, version.actor, String(version.hash.prefix(12))])
        }
        var contracts = TextColumns(["entity", "table", "contract", "columns", "key", "fingerprint"], numeric: [2, 3])
        for contract in self.contracts {
            contracts.add([
                contract.entity, contract.table, "\(contract.version)", "\(contract.columns)",
                contract.key.joined(separator: ", "), String(contract.fingerprint.prefix(12)),
            ])
        }
        return versions.text + "\n" + contracts.text
    }
}
