/// Which changes of a PostgreSQL type let every old value be and mean the same.
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
        case ("character varying", "character varying"), ("timestamp without time zone", "timestamp without time zone"),
            ("timestamp with time zone", "timestamp with time zone"), ("bit varying", "bit varying"):
            guard let least = old.modifiers.first else { return new.modifiers.isEmpty }
            return new.modifiers.first.map { $0 >= least } ?? true
        case ("numeric", "numeric"):
            guard let precision = old.modifiers.first else { return new.modifiers.isEmpty }
            guard let wider = new.modifiers.first else { return true }
            let scale = old.modifiers.count > 1 ? old.modifiers[1] : 0
            let finer = new.modifiers.count > 1 ? new.modifiers[1] : 0
            return finer >= scale && wider - finer >= precision - scale
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
