import Testing

@testable import Planning

@Suite struct LayeredLayoutTests {
    private func layout(_ layers: [Int], _ edges: [(from: Int, to: Int)]) -> LayeredLayout {
        LayeredLayout(
            layers.map { .init(layer: $0, height: 40) }, edges: edges, boxWidth: 100, columnGap: 50)
    }

    @Test func boxesOfAColumnDoNotOverlap() {
        let layout = layout([0, 0, 0, 1, 1], [(0, 3), (1, 4), (2, 3)])
        for (index, place) in layout.places.enumerated() {
            for other in layout.places[(index + 1)...] where other.x == place.x {
                #expect(place.y + place.height <= other.y || other.y + other.height <= place.y)
            }
        }
        #expect(layout.width == 250)
    }

    @Test func anEdgeOverAColumnRunsThroughNoBox() {
        let layout = layout([0, 1, 2], [(0, 1), (1, 2), (0, 2)])
        let (box, route) = (layout.places[1], layout.routes[2])
        #expect(route.count == 4)
        for point in route where point.x >= box.x && point.x <= box.x + box.width {
            #expect(point.y < box.y || point.y > box.y + box.height)
        }
    }

    @Test func edgesAreUncrossed() {
        let layout = layout([0, 0, 1, 1], [(0, 3), (1, 2)])
        let isAbove = layout.places[0].y < layout.places[1].y
        #expect(isAbove == (layout.places[3].y < layout.places[2].y))
    }
}
