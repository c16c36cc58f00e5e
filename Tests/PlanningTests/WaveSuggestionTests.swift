import Model
import Testing

@testable import Planning

@Suite struct WaveSuggestionTests {
    private func suggestion(_ count: Int, _ pairs: [(Int, Int)], _ rows: (Int) -> Int) -> WaveSuggestion {
        let names = (0..<count).map { EntityName(rawValue: "e\($0)") }
        let edges = pairs.map { child, parent in
            DependencyEdge(
                .entity(names[child]), on: .entity(names[parent]), .foreignKey, sides: [.source], evidence: "k")
        }
        let graph = DependencyGraph(entities: names, edges: edges)
        return WaveSuggestion(
            graph, rows: Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, rows($0)) }))
    }

    @Test func parentsAreInTheSameWaveOrAnEarlierOne() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let count = Int.random(in: 1...12, using: &generator)
            var pairs: [(Int, Int)] = []
            for _ in 0..<Int.random(in: 0...20, using: &generator) {
                pairs.append(
                    (Int.random(in: 0..<count, using: &generator), Int.random(in: 0..<count, using: &generator)))
            }
            let waves = suggestion(count, pairs) { $0 * 100 }.waves
            let places = waves.enumerated().flatMap { place, wave in wave.entities.map { ($0, place) } }
            #expect(places.count == count)
            let place = Dictionary(places) { first, _ in first }
            for (child, parent) in pairs {
                let (of, on) = (
                    place[EntityName(rawValue: "e\(child)")] ?? -1, place[EntityName(rawValue: "e\(parent)")] ?? -1
                )
                #expect(on >= 0 && on <= of, "\(pairs)")
            }
        }
    }

    @Test func smallWhatStandsAloneComesFirstAndAWaveIsAboutAQuarter() {
        let waves = suggestion(6, [(1, 0), (3, 2)]) { [1000, 1000, 10, 10, 1000, 1000][$0] }.waves
        #expect(waves.first?.entities == ["e2", "e3"])
        #expect(waves.allSatisfy { $0.rows <= 1005 })
    }
}
