import Foundation
import Model

/// What the reports say in words, alike in each form.
enum ProfileWords {
    /// `20,000 rows looked at of about 1.2 M`.
    static func extent(_ profile: EntityProfile) -> String {
        let scope = profile.wave.map { " in wave \($0)" } ?? ""
        return profile.isSample
            ? "a sample of \(Magnitude.count(profile.rowsLooked)) of about \(Magnitude.rows(profile.rowsEstimated))\(scope)"
            : "all \(Magnitude.rows(profile.rowsLooked))\(scope)"
    }

    /// What a load would stumble over, a line each.
    static func findings(_ profile: EntityProfile) -> [String] {
        let rejections = profile.rejections.map { rejection in
            let place = rejection.field.isEmpty ? "rows" : rejection.field
            return "\(place): \(share(rejection.rows, rejection.looked)): \(rejection.reason)"
        }
        let duplicates = profile.duplicates.filter { $0.keys > 0 }.map { key in
            "\(key.columns.joined(separator: ", ")): \(Magnitude.count(key.keys)) keys are there more than once, in "
                + "\(Magnitude.count(key.rows)) rows"
                + (key.looked.map { " of a sample of \(Magnitude.count($0))" } ?? "")
                + "; the target's \(key.index) wants them unique"
        }
        let orphans = profile.orphans.filter { $0.rows > 0 }.map { orphans in
            "\(orphans.columns.joined(separator: ", ")): \(share(orphans.rows, orphans.looked)) point at no row of "
                + "\(orphans.parent) (\(orphans.foreignKey))"
        }
        return rejections + duplicates + orphans
    }

    static func share(_ rows: Int, _ looked: Int) -> String {
        "\(Magnitude.count(rows)) of \(Magnitude.rows(looked))"
    }

    /// The range of a number, of times, or of lengths.
    static func range(_ field: FieldStatistics) -> String {
        if let low = field.deciles.first, let high = field.deciles.last {
            return "\(value(low, field.kind)) to \(value(high, field.kind))"
        }
        if let low = field.lengths.first, let high = field.lengths.last {
            let unit = field.kind == .text ? "characters" : "bytes as text"
            return low == high
                ? "\(Magnitude.digits(low)) \(unit)" : "\(Magnitude.digits(low)) to \(Magnitude.digits(high)) \(unit)"
        }
        return ""
    }

    /// A bound: of times to the day.
    static func value(_ value: Double, _ kind: FieldKind) -> String {
        guard kind == .time else { return Magnitude.digits(value) }
        let date = Date(timeIntervalSince1970: value)
        return date.formatted(Date.ISO8601FormatStyle(timeZone: .gmt).year().month().day())
    }

    static func distinct(_ field: FieldStatistics) -> String {
        let guess =
            field.distinctInTable.map { $0 > field.distinct ? ", about \(Magnitude.count($0)) in all" : "" } ?? ""
        return Magnitude.count(field.distinct) + guess
    }

    /// What is odd in the values, and their most frequent forms.
    static func remarks(_ field: FieldStatistics) -> String {
        var words: [String] = []
        for (count, what) in [
            (field.notFinite, "not finite"), (field.empty, "empty"), (field.padded, "with blanks at an end"),
            (field.control, "with control characters"), (field.beyondASCII, "beyond ASCII"),
        ] where count > 0 {
            words.append("\(Magnitude.count(count)) \(what)")
        }
        return words.joined(separator: ", ")
    }

    /// The forms that more than a few values have, each with its share of the values.
    static func forms(_ field: FieldStatistics, _ limit: Int = 3) -> String {
        let frequent = frequent(field.forms, field)
        guard !frequent.isEmpty else { return field.forms.isEmpty ? "" : "no form is frequent" }
        return frequent.prefix(limit).map { "\($0.text) (\(Magnitude.percent($0.share)))" }.joined(separator: ", ")
    }

    /// What a hundredth of the values, or more, are like.
    static func frequent(
        _ counts: [FieldStatistics.Count], _ field: FieldStatistics
    ) -> [(text: String, share: Double)] {
        let set = Double(max(field.rows - field.nulls, 1))
        return counts.map { ($0.text, min(1, Double($0.rows) / set)) }.filter { $0.1 >= 0.01 }
    }
}
