/// A place in a playbook file: lines and columns count from 1, columns in Unicode scalars.
public struct FileLocation: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The file as the user named it.
    public let file: String
    public let line: Int
    public let column: Int

    /// A place in `file`.
    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    public var description: String { "\(file):\(line):\(column)" }

    public static func < (left: FileLocation, right: FileLocation) -> Bool {
        (left.file, left.line, left.column) < (right.file, right.line, right.column)
    }
}
