import ChangeEvents
import Model
import RDKafka

/// A table as its events need it.
final class Relation {
    let table: TableName
    let encoder: EventEncoder
    let topic: ProducerTopic
    /// Whether the stream has whole old rows (REPLICA IDENTITY FULL).
    let hasFullIdentity: Bool
    /// The key's columns in its order; empty when there is none.
    let key: [Int]

    init(
        _ message: RelationMessage, types: [SourceType], key names: [String], topic: ProducerTopic,
        modes: ConnectorModes, origin: EventOrigin
    ) {
        table = TableName(schema: message.schema, name: message.name)
        self.topic = topic
        let isFull = message.identity == UInt8(ascii: "f")
        hasFullIdentity = isFull
        let places = names.compactMap { name in message.columns.firstIndex { $0.name == name } }
        // A key whose columns the stream does not know belongs to another version of the table.
        let isKnown = !places.isEmpty && places.count == names.count
        let key = isKnown ? places : isFull ? [] : message.columns.indices.filter { message.columns[$0].isIdentity }
        self.key = key
        let columns = message.columns.indices.map { index in
            SourceColumn(name: message.columns[index].name, type: types[index], isKey: key.contains(index))
        }
        encoder = EventEncoder(table: table, columns: columns, keyOrder: key, modes: modes, origin: origin)
    }
}
