import Model
import Testing

@Suite struct MagnitudeTests {
    @Test(arguments: [
        (0, "0"), (9999, "9999"), (12_345, "12.3 k"), (1_200_000, "1.2 M"), (75_000, "75 k"),
    ]) func countsAreShort(_ value: Int, _ text: String) {
        #expect(Magnitude.count(value) == text)
    }

    @Test func unitsFollowTheSize() {
        #expect(Magnitude.bytes(950) == "950 B")
        #expect(Magnitude.bytes(3_500_000) == "3.3 MB")
        #expect(Magnitude.seconds(0.2) == "under 1 s")
        #expect(Magnitude.seconds(600) == "10 min")
        #expect(Magnitude.seconds(7200) == "2 h")
        #expect(Magnitude.seconds(5, to: 5.2) == "5 s")
        #expect(Magnitude.rows(1) == "1 row")
    }

    @Test(arguments: [
        (0, "0 %"), (1, "100 %"), (0.00001, "under 0.01 %"), (0.9999, "over 99.9 %"), (0.75, "75 %"),
        (0.0123, "1.23 %"),
    ]) func noShareIsAllOrNothingThatIsNot(_ share: Double, _ text: String) {
        #expect(Magnitude.percent(share) == text)
    }

    @Test(arguments: [(Double.infinity, "inf"), (-0.004, "0"), (1e300, "1e+300"), (123.4, "123")])
    func anyNumberIsPrinted(_ value: Double, _ text: String) {
        #expect(Magnitude.digits(value) == text)
    }
}
