import Foundation
import Model
import Planning
import TestSupport
import Testing

#if canImport(FoundationXML)
import FoundationXML
#endif

@Suite struct PlanDrawingTests {
    private func count(_ part: String, in text: String) -> Int { text.components(separatedBy: part).count - 1 }

    @Test func everyScopeIsABoxAndCutsAreRed() throws {
        try Clinic.with { source, target in
            let waves = """
                waves:
                  first: { visits: "id < 10 AND note <> '<&>'" }
                  rest: { regions: all, patients: all, visits: all, bills: all }
                """
            let plan = try Clinic.plan(waves: waves, source, target)
            let svg = PlanDrawing(plan).svg
            let parser = XMLParser(data: Data(svg.utf8))
            #expect(parser.parse(), "\(String(describing: parser.parserError))")
            #expect(count("class=\"box taken", in: svg) == 5)
            #expect(count("class=\"box missing", in: svg) == 1)
            #expect(count("class=\"line cut\"", in: svg) == 2, "one, and the legend's")
            #expect(svg.contains("prefers-color-scheme:dark"))
        }
    }

    @Test func aPlanWithoutWavesIsDrawnToo() throws {
        try Clinic.with { source, target in
            let svg = try PlanDrawing(Clinic.plan(waves: "", source, target)).svg
            #expect(svg.contains("The playbook has no waves."))
        }
    }
}
