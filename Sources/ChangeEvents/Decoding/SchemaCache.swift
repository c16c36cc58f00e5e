/// The embedded schemas a decoder has met, recognised by their bytes.
///
/// A message `{"schema":...,"payload":...}` whose beginning is that of one seen before is neither parsed nor hashed up to
/// its payload: comparing is enough, and the parser gets the payload alone.
final class SchemaCache {
    struct Known {
        /// Everything before the payload.
        let prefix: ByteSink
        let fields: FieldTable
    }

    /// More schemas than this for one table are forgotten, the oldest first.
    private static let limit = 64
    private var known: [Known] = []
    /// Where the last one was found.
    private var latest = 0

    deinit {
        for each in known { each.prefix.free() }
    }

    /// The schema that the document begins with, with the length of its prefix.
    @inline(__always)
    func match(_ document: ByteView) -> (fields: FieldTable, payload: Int)? {
        guard !known.isEmpty else { return nil }
        let guess = known[latest]
        if document.hasPrefix(guess.prefix.view(0, guess.prefix.count)) { return (guess.fields, guess.prefix.count) }
        for (index, each) in known.enumerated() where document.hasPrefix(each.prefix.view(0, each.prefix.count)) {
            latest = index
            return (each.fields, each.prefix.count)
        }
        return nil
    }

    func add(prefix: ByteView, _ fields: FieldTable) {
        if known.count == Self.limit { known.removeFirst().prefix.free() }
        var copy = ByteSink(capacity: prefix.count)
        copy.append(prefix)
        known.append(Known(prefix: copy, fields: fields))
        latest = known.count - 1
    }
}
