import Playbook
import Testing

/// What two texts of a playbook say differently.
@Suite struct PlaybookDifferenceTests {
    private let text = """
        playbook: shop
        entities:
          items: { from: public.item, into: public.item, fields: { id: id, name: "a ||  b" }, checks: { c: "id > 0" } }
        waves: { all: { items: all } }
        ownership: { rules: [ { entity: items, owner: target } ] }
        limits: { lanes: 2 }
        """

    private func differences(_ old: String, _ new: String) -> [String]? {
        PlaybookDifference(from: text, to: text.replacing(old, with: new))?.changes.map {
            "\($0.path): \($0.before ?? "-") -> \($0.after ?? "-") \($0.meaning.rawValue)"
        }
    }

    @Test func spacingAndCommentsDoNotCount() {
        #expect(differences("a ||  b", "a || b") == [])
        #expect(differences("limits: { lanes: 2 }", "# two lanes\nlimits:\n  lanes: 2") == [])
    }

    @Test func eachKeySaysWhatItMeansForLoadedRows() {
        #expect(differences("a ||  b", "b") == ["entities.items.fields.name: a || b -> b reload"])
        #expect(differences("id > 0", "id > 1") == ["entities.items.checks.c: id > 0 -> id > 1 none"])
        #expect(differences("items: all", #"items: "id < 9""#) == ["waves.all.items: all -> id < 9 scope"])
        #expect(differences("lanes: 2", "lanes: 3") == ["limits.lanes: 2 -> 3 none"])
        #expect(
            differences("owner: target", "owner: source") == [
                "ownership.rules[1].owner: target -> source from-now-on"
            ])
        #expect(
            differences(", checks", ", drift: pause, checks") == ["entities.items.drift: - -> pause none"])
    }

    @Test func aTextWithACutSecretIsNotCompared() {
        #expect(PlaybookDifference(from: "a: { b: <redacted>", to: text) == nil)
    }
}
