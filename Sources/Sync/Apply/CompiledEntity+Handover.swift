internal import ChangeEvents
public import Ledger
public import Playbook

extension CompiledEntity {
    /// The source key as the ledger's hand-over statements need it.
    public var handoverKey: [KeyColumn] {
        sourceKey.map { place in
            let column = sourceColumns[place]
            let isText =
                ["text", "varchar", "bpchar", "char", "name", "citext"].contains(column.type.name)
                || column.type.isEnumeration
            return KeyColumn(
                name: column.name, type: isText ? "text" : column.type.name, collation: isText ? "\"C\"" : nil)
        }
    }
}
