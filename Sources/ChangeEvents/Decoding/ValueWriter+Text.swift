/// Texts.
extension ValueWriter {
    func writeText(_ kind: JSONKind, _ raw: ByteView, into sink: inout ByteSink) throws(ValueFault) {
        guard kind == .string else { throw .type("a string") }
        try JSONText.writePlain(raw, into: &sink)
    }

    /// A label of a MySQL enumeration: the stream escapes a comma in it, the snapshot does not.
    func writeEnumeration(_ kind: JSONKind, _ raw: ByteView, into sink: inout ByteSink) throws(ValueFault) {
        guard kind == .string else { throw .type("a string") }
        let start = sink.count
        try JSONText.writePlain(raw, into: &sink)
        var end = start
        for index in start..<sink.count {
            let isEscape =
                sink[index] == UInt8(ascii: "\\") && index + 1 < sink.count && sink[index + 1] == UInt8(ascii: ",")
            if !isEscape {
                sink[end] = sink[index]
                end += 1
            }
        }
        sink.truncate(to: end)
    }

    /// A value of a type that is not known here: as it stands.
    func writeAny(_ kind: JSONKind, _ raw: ByteView, into sink: inout ByteSink) throws(ValueFault) {
        switch kind {
        case .string: try JSONText.writePlain(raw, into: &sink)
        case .true, .false: try writeBoolean(kind, into: &sink)
        case .number, .object, .array, .null: sink.append(raw)
        }
    }
}
