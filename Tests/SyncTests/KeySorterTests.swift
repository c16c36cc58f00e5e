import ChangeEvents
import Model
import Testing

@testable import Sync

@Suite struct KeySorterTests {
    @Test func theSmallestAndTheLargestIntegersFindTheirPlaces() {
        let keys = ["9223372036854775807", "7", "-9223372036854775808", "0", "-7"]
        let columns = [SourceColumn(name: "id", type: SourceType(postgres: "bigint"), isKey: true)]
        let batch = RowBatch(columnCount: 1)
        for key in keys {
            let row = batch.appendRow(RowHeader(operation: .create))
            batch.setSpan(row, 0, batch.appendValue(key))
        }
        var rows = keys.indices.map(Int32.init)
        KeySorter(keyColumns: [0], columns: columns).sort(&rows, of: batch)
        #expect(rows.map { keys[Int($0)] } == ["-9223372036854775808", "-7", "0", "7", "9223372036854775807"])
    }
}
