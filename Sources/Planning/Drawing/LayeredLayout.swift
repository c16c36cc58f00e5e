/// Places boxes in columns so that edges run from left to right and cross little (Sugiyama, Tagawa, Toda 1981).
///
/// An edge over several columns gets a place in each of them, so that it runs through no box.
struct LayeredLayout {
    /// A box, or an edge's place in a column.
    struct Place {
        var x: Double
        var y: Double
        let width: Double
        let height: Double

        var left: Point { Point(x: x, y: y + height / 2) }
        var right: Point { Point(x: x + width, y: y + height / 2) }
    }

    struct Point: Equatable {
        let x: Double
        let y: Double
    }

    /// A box to be placed.
    struct Box {
        let layer: Int
        let height: Double
    }

    /// Where each box is, in the order given.
    private(set) var places: [Place] = []
    /// The bends of each edge, in the order given, from the left box's right side to the right box's left side; empty for
    /// an edge within a column.
    private(set) var routes: [[Point]] = []
    private(set) var width = 0.0
    private(set) var height = 0.0

    private static let passes = 6
    private static let gap = 14.0
    private static let bendHeight = 10.0

    /// - Parameters:
    ///   - boxes: their columns from 0.
    ///   - edges: pairs of places in `boxes`, the one in the smaller column first.
    init(_ boxes: [Box], edges: [(from: Int, to: Int)], boxWidth: Double, columnGap: Double) {
        var layers = Array(repeating: [Int](), count: (boxes.map(\.layer).max() ?? -1) + 1)
        var heights = boxes.map(\.height)
        for (index, box) in boxes.enumerated() { layers[box.layer].append(index) }
        var chains: [[Int]] = []
        for edge in edges {
            let (first, last) = (boxes[edge.from].layer, boxes[edge.to].layer)
            var chain = [edge.from]
            if first < last {
                for layer in (first + 1)..<max(last, first + 1) {
                    chain.append(heights.count)
                    layers[layer].append(heights.count)
                    heights.append(Self.bendHeight)
                }
            }
            chains.append(chain + [edge.to])
        }
        Self.uncross(&layers, chains, count: heights.count)
        let columnHeights = layers.map { layer in
            layer.reduce(0) { $0 + heights[$1] } + Double(max(layer.count - 1, 0)) * Self.gap
        }
        height = columnHeights.max() ?? 0
        width = Double(layers.count) * boxWidth + Double(max(layers.count - 1, 0)) * columnGap
        var placed = Array(repeating: Place(x: 0, y: 0, width: boxWidth, height: 0), count: heights.count)
        for (column, layer) in layers.enumerated() {
            var y = (height - columnHeights[column]) / 2
            for index in layer {
                placed[index] = Place(
                    x: Double(column) * (boxWidth + columnGap), y: y, width: boxWidth, height: heights[index])
                y += heights[index] + Self.gap
            }
        }
        places = Array(placed.prefix(boxes.count))
        routes = zip(edges, chains).map { edge, chain in
            guard boxes[edge.from].layer < boxes[edge.to].layer else { return [] }
            let bends = chain.dropFirst().dropLast().flatMap { [placed[$0].left, placed[$0].right] }
            return [placed[edge.from].right] + bends + [placed[edge.to].left]
        }
    }

    /// Orders each column by the mean place of what its boxes are connected with, from the left and from the right.
    private static func uncross(_ layers: inout [[Int]], _ chains: [[Int]], count: Int) {
        var near = Array(repeating: [Int](), count: count)
        for chain in chains {
            for (left, right) in zip(chain, chain.dropFirst()) {
                near[left].append(right)
                near[right].append(left)
            }
        }
        var place = Array(repeating: 0.0, count: count)
        func note(_ layer: [Int]) {
            for (index, node) in layer.enumerated() {
                place[node] = (Double(index) + 0.5) / Double(max(layer.count, 1))
            }
        }
        layers.forEach(note)
        for pass in 0..<passes {
            for column in pass.isMultiple(of: 2) ? Array(layers.indices) : layers.indices.reversed() {
                let weights = layers[column].map { node in
                    near[node].isEmpty
                        ? place[node] : near[node].reduce(0) { $0 + place[$1] } / Double(near[node].count)
                }
                let order = layers[column].indices.sorted { (weights[$0], $0) < (weights[$1], $1) }
                layers[column] = order.map { layers[column][$0] }
                note(layers[column])
            }
        }
    }
}
