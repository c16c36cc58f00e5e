/// The rows of a result, in order.
public struct Rows: RandomAccessCollection, Sendable {
    let result: Result

    public var startIndex: Int { 0 }
    public var endIndex: Int { result.rowCount }
    public subscript(position: Int) -> Row { Row(result: result, index: position) }
}
