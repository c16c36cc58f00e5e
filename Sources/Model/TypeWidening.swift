/// Which changes of a PostgreSQL type let every old value be and mean the same, and connectors write it the same.
///
/// Not the scale of a number or the digits of a time stamp: without a schema, bytes and counts are read by them.
public enum TypeWidening {
    /// Whether every value of type `from` is one of type `to`, with the same text.
    public static func holds(from: String, to: String) -> Bool {
        let (old, new) = (Parsed(from), Parsed(to))
        if old == new { return true }
        for chain in chains {
            if let first = chain.firstIndex(of: old.name), let second = chain.firstIndex(of: new.name), first < second {
                return true
            }
        }
        switch (old.name, new.name) {
        case ("character varying", "text"): return true
        case ("character varying", "character varying"), ("bit varying", "bit varying"):
            guard let least = old.modifiers.first else { return new.modifiers.isEmpty }
            return new.modifiers.first.map { $0 >= least } ?? true
        case ("numeric", "numeric"):
            guard let precision = old.modifiers.first, let wider = new.modifiers.first else { return false }
            return old.modifiers.dropFirst() == new.modifiers.dropFirst() && wider >= precision
        default: return false
        }
    }

    private static let chains = [["smallint", "integer", "bigint"], ["real", "double precision"]]

    /// A type's words and modifiers: `timestamp(3) with time zone`.
    private struct Parsed: Equatable {
        let name: String
        let modifiers: [Int]

        init(_ text: String) {
            guard let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")"), open < close else {
                name = text
                modifiers = []
                return
            }
            name = String(text[..<open]) + text[text.index(after: close)...]
            modifiers = text[text.index(after: open)..<close].split(separator: ",").compactMap { part in
                Int(part.filter { $0 != " " })
            }
        }
    }
}
