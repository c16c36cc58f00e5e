/// Changes bytes at random, as a broken sender, a bad disk or somebody malicious would.
public struct ByteMutator: Sendable {
    private var random: SeededGenerator
    /// What is put in: pieces that mean something to who reads it.
    private let pieces: [[UInt8]]

    /// A mutator that puts in these texts, among other things.
    public init(seed: UInt64, pieces: [String]) {
        random = SeededGenerator(seed: seed)
        self.pieces = pieces.map { Array($0.utf8) }
    }

    /// One of a list.
    public mutating func pick<Element>(_ list: [Element]) -> Element? { list.randomElement(using: &random) }

    /// The bytes with one to four changes.
    ///
    /// - Parameter other: where parts are taken from, to be put in.
    public mutating func change(_ bytes: [UInt8], mixing other: [UInt8] = []) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) { change(&bytes, other) }
        return bytes
    }

    private mutating func change(_ bytes: inout [UInt8], _ other: [UInt8]) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        let rest = place..<min(bytes.count, place + Int.random(in: 1...12, using: &random))
        switch Int.random(in: 0..<8, using: &random) {
        case 0 where !rest.isEmpty: bytes[place] = UInt8.random(in: 0 ... .max, using: &random)
        case 1 where !rest.isEmpty: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes.removeSubrange(rest)
        case 3: bytes.insert(contentsOf: bytes[rest], at: place)
        case 4: bytes.replaceSubrange(rest, with: pieces.randomElement(using: &random) ?? [])
        case 5: bytes.insert(contentsOf: pieces.randomElement(using: &random) ?? [0], at: place)
        case 6 where !other.isEmpty:
            let start = Int.random(in: 0..<other.count, using: &random)
            bytes.insert(contentsOf: other[start..<min(other.count, start + 40)], at: place)
        case 7 where Int.random(in: 0..<4, using: &random) == 0: bytes.removeSubrange(place...)
        default: bytes.insert(UInt8.random(in: 0 ... .max, using: &random), at: place)
        }
    }
}
