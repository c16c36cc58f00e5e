import Model

/// A plan as a picture: a band for each wave, in it the entities from left to right in the order in which they are
/// written, and what each needs.
public struct PlanDrawing {
    private let plan: MigrationPlan
    private var body = ""
    /// What is drawn over the boxes of the band at hand.
    private var loops = ""
    private var width = 640.0
    private var height = 0.0

    private static let margin = 28.0
    private static let boxWidth = 196.0
    private static let columnGap = 84.0

    /// Draws a plan.
    public init(_ plan: MigrationPlan) {
        self.plan = plan
        height = 62
        for wave in plan.waves { add(wave) }
        if plan.waves.isEmpty { addNoWaves() }
        addLegend()
    }

    /// The picture as SVG, readable on light and on dark ground, whole in itself.
    public var svg: String {
        let title = "Plan of \(XML.escaped(plan.playbook))"
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(Int(width))" height="\(Int(height))" viewBox="0 0 \(Int(width)) \(Int(height))" role="img" aria-label="\(title)">
            <title>\(title)</title>
            <style>\(Self.style)</style>
            <defs>\(Self.arrows)</defs>
            <rect class="ground" width="100%" height="100%"/>
            <text class="head" x="\(Self.margin)" y="38">\(title)</text>
            \(body)</svg>

            """
    }

    // MARK: Bands

    private mutating func add(_ wave: MigrationPlan.Wave) {
        let band = WaveBand(wave, in: plan)
        let boxes = band.boxes.map { LayeredLayout.Box(layer: $0.layer, height: Self.height(of: $0)) }
        let layout = LayeredLayout(
            boxes, edges: band.lines.map { Self.ordered($0, band) }, boxWidth: Self.boxWidth,
            columnGap: Self.columnGap)
        let isRefused = wave.closure != nil
        let closure = wave.closure.map { "refused; mended by \($0.text)" } ?? ""
        let headHeight = isRefused ? 64.0 : 46.0
        let left = Self.margin + 22
        let top = height + headHeight
        let inner = layout.height + 24
        width = max(width, layout.width + 2 * left + 24, Double(closure.count) * 6.9 + 2 * left)
        body += """
            <rect class="band\(isRefused ? " refused" : "")" x="\(Self.margin)" y="\(height)" width="@width@" height="\(headHeight + inner)" rx="10"/>
            <text x="\(left)" y="\(height + 28)"><tspan class="wave">\(XML.escaped(wave.name.rawValue))</tspan>\
            <tspan class="note" dx="12">\(XML.escaped(Self.summary(wave)))</tspan></text>

            """
        if isRefused {
            body += "<text class=\"bad\" x=\"\(left)\" y=\"\(height + 48)\">\(XML.escaped(closure))</text>\n"
        }
        for (line, route) in zip(band.lines, layout.routes) { draw(line, route, band, layout, dx: left, dy: top) }
        for (box, place) in zip(band.boxes, layout.places) { draw(box, place, dx: left, dy: top) }
        body += loops
        loops = ""
        height = top + inner + 18
    }

    private static func ordered(_ line: WaveBand.Line, _ band: WaveBand) -> (from: Int, to: Int) {
        band.boxes[line.parent].layer <= band.boxes[line.child].layer
            ? (line.parent, line.child) : (line.child, line.parent)
    }

    private static func height(of box: WaveBand.Box) -> Double {
        box.kind == .taken ? (box.lines.last?.isEmpty == false ? 66 : 50) : 42
    }

    static func summary(_ wave: MigrationPlan.Wave) -> String {
        guard wave.scopes.contains(where: { $0.volume != nil }) else {
            return "rows unknown: the source cannot be asked"
        }
        let rows = "about \(Magnitude.rows(wave.rows)) · \(Magnitude.bytes(wave.bytes))"
        guard let duration = wave.duration else { return rows + " · duration unknown until a first load" }
        return rows + " · \(Magnitude.seconds(duration.low, to: duration.high)), \(duration.limit)"
    }

    // MARK: Boxes and lines

    private mutating func draw(_ box: WaveBand.Box, _ place: LayeredLayout.Place, dx: Double, dy: Double) {
        let classes = "box \(box.kind.rawValue)" + (box.isInCycle ? " circle" : "")
        let (x, y) = (place.x + dx, place.y + dy)
        body += """
            <g><title>\(XML.escaped(([box.title] + box.lines.filter { !$0.isEmpty }).joined(separator: "\n")))</title>\
            <rect class="\(classes)" x="\(x)" y="\(y)" width="\(place.width)" height="\(place.height)" rx="6"/>\
            <text class="name" x="\(x + 12)" y="\(y + 19)">\(XML.escaped(Self.fitting(box.title, 24)))</text>
            """
        for (number, line) in box.lines.enumerated() where !line.isEmpty {
            let y = y + 35 + Double(number) * 16
            body += "<text class=\"note\" x=\"\(x + 12)\" y=\"\(y)\">\(XML.escaped(Self.fitting(line, 30)))</text>"
        }
        body += "</g>\n"
    }

    private mutating func draw(
        _ line: WaveBand.Line, _ route: [LayeredLayout.Point], _ band: WaveBand, _ layout: LayeredLayout, dx: Double,
        dy: Double
    ) {
        if line.child == line.parent { return drawLoop(line, layout.places[line.child], dx: dx, dy: dy) }
        var points = route.map { LayeredLayout.Point(x: $0.x + dx, y: $0.y + dy) }
        var path: String
        if points.isEmpty {
            // Within a column: a bow to the right of both.
            let (child, parent) = (layout.places[line.child], layout.places[line.parent])
            let x = child.x + child.width + dx
            let (from, to) = (child.right.y + dy, parent.right.y + dy)
            path = "M\(x),\(from) C\(x + 44),\(from) \(x + 44),\(to) \(x),\(to)"
        } else {
            // Drawn from what needs to what is needed.
            if band.boxes[line.parent].layer < band.boxes[line.child].layer { points.reverse() }
            path = "M\(points[0].x),\(points[0].y)"
            for (from, to) in zip(points, points.dropFirst()) {
                let middle = (from.x + to.x) / 2
                path +=
                    from.y == to.y
                    ? " L\(to.x),\(to.y)" : " C\(middle),\(from.y) \(middle),\(to.y) \(to.x),\(to.y)"
            }
        }
        body += """
            <path class="line \(line.kind.rawValue)" marker-end="url(#to-\(line.kind.rawValue))" d="\(path)">\
            <title>\(XML.escaped(line.title))</title></path>

            """
    }

    /// Rows that point at rows of their own entity: a sign in the box's corner, where no line runs.
    private mutating func drawLoop(_ line: WaveBand.Line, _ place: LayeredLayout.Place, dx: Double, dy: Double) {
        loops += """
            <text class="loop \(line.kind.rawValue)" x="\(place.x + place.width - 24 + dx)" y="\(place.y + 20 + dy)">↻\
            <title>\(XML.escaped(line.title))</title></text>

            """
    }

    private mutating func addNoWaves() {
        body += "<text class=\"note\" x=\"\(Self.margin)\" y=\"\(height + 16)\">The playbook has no waves.</text>\n"
        height += 40
    }

    private static func fitting(_ text: String, _ count: Int) -> String {
        text.count <= count ? text : text.prefix(count - 1) + "…"
    }

    // MARK: Legend and style

    private mutating func addLegend() {
        var x = Self.margin
        let y = height + 14
        for (kind, text) in Self.legend {
            body += """
                <path class="line \(kind)" marker-end="url(#to-\(kind))" d="M\(x),\(y - 4) L\(x + 34),\(y - 4)"/>\
                <text class="note" x="\(x + 42)" y="\(y)">\(text)</text>

                """
            x += 58 + Double(text.count) * 6.6
        }
        width = max(width, x + Self.margin)
        body += """
            <text class="note" x="\(Self.margin)" y="\(y + 22)">An arrow points at what is needed. Rows are what is read: those that an \
            earlier wave took are read again.</text>

            """
        height = y + 44
        body = body.replacing("@width@", with: "\(width - 2 * Self.margin)")
    }

    private static let legend = [
        ("fk", "foreign key"), ("lookup", "lookup"), ("via", "scope by parent"), ("likely", "looks like a reference"),
        ("cycle", "circle"), ("cut", "cut"),
    ]

    private static let arrows = legend.map { kind, _ in
        """
        <marker id="to-\(kind)" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="7" markerHeight="7" orient="auto">\
        <path class="tip \(kind)" d="M0,0.5 L8,4 L0,7.5 z"/></marker>
        """
    }.joined()

    private static let style = """
        :root{--ground:#fff;--band:#f5f7f9;--edge:#d5dbe1;--box:#fff;--text:#17212b;--note:#5b6875;--fk:#51606e;\
        --lookup:#1769aa;--via:#51606e;--likely:#8b96a1;--cycle:#a15c00;--cut:#c62828;--bad:#fdecea}
        @media(prefers-color-scheme:dark){:root{--ground:#12171c;--band:#1a2128;--edge:#36414b;--box:#232c35;--text:#e8edf2;\
        --note:#a3b0bc;--fk:#aab6c1;--lookup:#64b5f6;--via:#aab6c1;--likely:#7d8a96;--cycle:#ffb74d;--cut:#ff7b72;--bad:#3a1f1f}}
        text{font:13px system-ui,"Segoe UI","DejaVu Sans",sans-serif;fill:var(--text)}
        .head{font-size:20px;font-weight:600}.wave{font-size:16px;font-weight:600}.name{font-weight:600}
        .note{font-size:12px;fill:var(--note)}.bad{font-size:12px;fill:var(--cut);font-weight:600}
        .ground{fill:var(--ground)}.band{fill:var(--band);stroke:var(--edge)}.refused{stroke:var(--cut);stroke-width:1.5}
        .box{fill:var(--box);stroke:var(--edge);stroke-width:1.2}.earlier,.outside{fill:none;stroke-dasharray:4 3}
        .missing{fill:var(--bad);stroke:var(--cut);stroke-dasharray:4 3}.circle{stroke:var(--cycle);stroke-width:1.8}
        .line{fill:none;stroke-width:1.4}
        .line.fk{stroke:var(--fk)}.line.lookup{stroke:var(--lookup);stroke-dasharray:6 4}.line.via{stroke:var(--via);stroke-dasharray:10 3}
        .line.likely{stroke:var(--likely);stroke-dasharray:2 3}.line.cycle{stroke:var(--cycle);stroke-width:1.8}
        .line.cut{stroke:var(--cut);stroke-width:2}
        .loop{font-size:16px;fill:var(--fk)}.loop.cut{fill:var(--cut)}
        .tip.fk{fill:var(--fk)}.tip.lookup{fill:var(--lookup)}.tip.via{fill:var(--via)}.tip.likely{fill:var(--likely)}
        .tip.cycle{fill:var(--cycle)}.tip.cut{fill:var(--cut)}
        """
}
