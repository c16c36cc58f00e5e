/// Lines in columns, as wide as their widest cell; numbers to the right.
struct TextColumns {
    private var lines: [[String]] = []
    private let numeric: Set<Int>

    /// Columns under a headline; those in `numeric` are aligned to the right.
    init(_ headline: [String], numeric: Set<Int>) {
        lines = [headline]
        self.numeric = numeric
    }

    /// Adds a line.
    mutating func add(_ cells: [String]) { lines.append(cells) }

    /// The lines, each ending with a line break.
    var text: String {
        let widths = lines[0].indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { cells in
            var line = ""
            for (column, cell) in cells.enumerated() {
                let gap = String(repeating: " ", count: widths[column] - cell.count)
                line += (column == 0 ? "" : "  ") + (numeric.contains(column) ? gap + cell : cell + gap)
            }
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }
}
