import Model

/// Small pictures of a column, as SVG within a page.
enum Chart {
    private static let width = 168.0
    private static let height = 34.0

    /// How the values, or their lengths, are spread: a step for each tenth of them, high where they are close together.
    ///
    /// - Parameter deciles: least, nine deciles, greatest.
    static func spread(_ deciles: [Double], label: String) -> String {
        guard deciles.count == 11, let low = deciles.first, let high = deciles.last else { return "" }
        guard high > low else { return bars([1], label: label) }
        // Twelve columns of equal width; each tenth of the rows is spread evenly between its bounds.
        let count = 12
        let step = (high - low) / Double(count)
        let heights = (0..<count).map { column -> Double in
            let (from, to) = (low + Double(column) * step, low + Double(column + 1) * step)
            return zip(deciles, deciles.dropFirst()).reduce(0) { sum, part in
                let isLast = column == count - 1
                if part.0 == part.1 { return sum + (part.0 >= from && (part.0 < to || isLast) ? 0.1 : 0) }
                return sum + 0.1 * max(0, min(to, part.1) - max(from, part.0)) / (part.1 - part.0)
            }
        }
        return bars(heights, label: label)
    }

    /// Columns of the heights given, the highest as high as there is room.
    private static func bars(_ heights: [Double], label: String) -> String {
        let most = max(heights.max() ?? 1, 0.0001)
        let step = width / Double(heights.count)
        let columns = heights.enumerated().map { index, value in
            let size = value / most * (height - 2)
            return """
                <rect x="\(rounded(Double(index) * step))" y="\(rounded(height - size))" width="\(rounded(step - 1.5))" \
                height="\(rounded(size))"/>
                """
        }.joined()
        return """
            <svg class="spread" width="\(Int(width))" height="\(Int(height))" role="img" aria-label="\(HTML.escaped(label))">\
            <title>\(HTML.escaped(label))</title>\(columns)</svg>
            """
    }

    /// A bar of what is set, what is NULL within it.
    static func nulls(_ share: Double) -> String {
        let size = rounded(share * 64)
        let text = Magnitude.percent(share)
        return """
            <svg class="nulls" width="64" height="10" role="img" aria-label="\(text) NULL"><title>\(text) NULL</title>\
            <rect class="all" width="64" height="10" rx="2"/><rect class="null" width="\(size)" height="10" rx="2"/></svg> \(text)
            """
    }

    /// Forms or values, each with a bar of its share.
    static func shares(_ counts: [(text: String, share: Double)]) -> String {
        counts.map { text, share in
            """
            <div class="share"><svg width="40" height="8" aria-hidden="true"><rect class="all" width="40" height="8" rx="2"/>\
            <rect class="part" width="\(rounded(share * 40))" height="8" rx="2"/></svg>\
            <code>\(HTML.escaped(text))</code> <span>\(Magnitude.percent(share))</span></div>
            """
        }.joined()
    }

    private static func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }
}

/// Texts as HTML.
enum HTML {
    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
