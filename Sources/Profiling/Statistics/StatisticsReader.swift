import Foundation
import LibPQ

/// Puts a `StatisticsQuery`'s results together.
struct StatisticsReader {
    let query: StatisticsQuery
    /// Different values in the whole table, by name, as its own statistics guess.
    var distinctInTable: [String: Int] = [:]

    /// What one entry of the JSON object holds.
    private struct Counted: Decodable {
        let set: Int
        let distinct: Int
        let deciles: [String]?
        let odd: Int?
        let lengths: [String]?
        let empty: Int?
        let padded: Int?
        let control: Int?
        let beyond: Int?
    }

    /// The statistics of each value, without forms.
    func statistics(_ row: Row) throws -> [FieldStatistics] {
        let rows = row.int("looked") ?? 0
        let counted = try JSONDecoder().decode([String: Counted].self, from: Data((row["counted"] ?? "{}").utf8))
        return query.values.enumerated().compactMap { index, value in
            counted["\(index)"].map { counts in
                FieldStatistics(
                    name: value.name, kind: value.kind, rows: rows, nulls: rows - counts.set,
                    distinct: counts.distinct, distinctInTable: distinctInTable[value.name],
                    deciles: Self.numbers(counts.deciles), isRounded: false, notFinite: counts.odd ?? 0,
                    lengths: Self.numbers(counts.lengths), empty: counts.empty ?? 0, padded: counts.padded ?? 0,
                    control: counts.control ?? 0, beyondASCII: counts.beyond ?? 0, forms: [], values: [])
            }
        }
    }

    /// Adds the most frequent forms and values.
    func add(_ frequent: Result, to statistics: inout [FieldStatistics]) {
        for row in frequent.rows {
            guard let number = row.int("number"), number < query.values.count,
                let place = statistics.firstIndex(where: { $0.name == query.values[number].name })
            else { continue }
            let count = FieldStatistics.Count(text: row["text"] ?? "", rows: row.int("rows") ?? 0)
            if row["what"] == "form" {
                statistics[place].forms.append(count)
            } else {
                statistics[place].values.append(count)
            }
        }
    }

    private static func numbers(_ texts: [String]?) -> [Double] { (texts ?? []).compactMap(Double.init) }
}
