/// One row of a result.
public struct Row: Sendable {
    let result: Result
    /// Its place in the result, from 0.
    public let index: Int

    /// A value's text by column number from 0, or nil for NULL.
    public subscript(column: Int) -> String? { result[index, column] }

    /// A value's text by column name, or nil for NULL. To name a column that the statement does not have is a mistake
    /// of the program's.
    public subscript(name: String) -> String? { result[index, place(of: name)] }

    /// A whole number by column name, or nil for NULL and for what is none.
    public func int(_ name: String) -> Int? { self[name].flatMap(Int.init) }

    /// A truth value by column name, or nil for NULL.
    public func bool(_ name: String) -> Bool? { self[name].map { $0 == "t" } }

    private func place(of name: String) -> Int {
        guard let column = result.columnIndex(name) else { preconditionFailure("the statement has no column \(name)") }
        return column
    }
}
