/// Arrays and hstores.
extension JSONValueWriter {
    /// A one-dimensional array as a JSON array; any other, or one with bounds of its own, as its text.
    mutating func writeArray(
        _ text: ByteView, _ type: EncodedType, _ encoding: ColumnEncoding, into sink: inout ByteSink
    ) throws(ValueFault) {
        guard text.count >= 2, text[0] == UInt8(ascii: "{") else { return writeString(text, into: &sink) }
        let start = sink.count
        sink.append("[")
        var index = 1
        var isFirst = true
        while index < text.count, text[index] != UInt8(ascii: "}") {
            if text[index] == UInt8(ascii: "{") {
                sink.truncate(to: start)
                return writeString(text, into: &sink)
            }
            if !isFirst { sink.append(",") }
            isFirst = false
            try writeElement(text, &index, type, encoding, into: &sink)
            if index < text.count, text[index] == UInt8(ascii: ",") { index += 1 }
        }
        guard index == text.count - 1 else { throw .encoding("an array") }
        sink.append("]")
    }

    private mutating func writeElement(
        _ text: ByteView, _ index: inout Int, _ type: EncodedType, _ encoding: ColumnEncoding, into sink: inout ByteSink
    ) throws(ValueFault) {
        if text[index] == UInt8(ascii: "\"") {
            var element = elements
            defer { elements = element }
            element.removeAll()
            guard Self.unquote(text, &index, into: &element) else { throw .encoding("an array") }
            return try writeScalar(element.view(0, element.count), type, encoding, into: &sink)
        }
        let start = index
        while index < text.count, text[index] != UInt8(ascii: ","), text[index] != UInt8(ascii: "}") { index += 1 }
        let element = text.slice(start, index)
        if element.equals("NULL") { return sink.append("null") }
        try writeScalar(element, type, encoding, into: &sink)
    }

    /// Puts what a quoted text stands for and moves behind the closing quote.
    private static func unquote(_ text: ByteView, _ index: inout Int, into sink: inout ByteSink) -> Bool {
        index += 1
        sink.reserve(text.count)
        while index < text.count, text[index] != UInt8(ascii: "\"") {
            if text[index] == UInt8(ascii: "\\") { index += 1 }
            guard index < text.count else { return false }
            sink.put(text[index])
            index += 1
        }
        index += 1
        return index <= text.count
    }

    /// An hstore as a JSON object, or as a string that holds one.
    mutating func writeHstore(_ text: ByteView, into sink: inout ByteSink) throws(ValueFault) {
        scratch.removeAll()
        var object = scratch
        defer { scratch = object }
        object.append("{")
        var index = 0
        var isFirst = true
        while index < text.count {
            if !isFirst { object.append(",") }
            isFirst = false
            try writeHstoreText(text, &index, into: &object)
            guard index + 1 < text.count, text[index] == UInt8(ascii: "="), text[index + 1] == UInt8(ascii: ">") else {
                throw .encoding("an hstore")
            }
            index += 2
            object.append(":")
            if text.dropFirst(index).hasPrefix("NULL") {
                object.append("null")
                index += 4
            } else {
                try writeHstoreText(text, &index, into: &object)
            }
            while index < text.count, text[index] == UInt8(ascii: ",") || text[index] == UInt8(ascii: " ") {
                index += 1
            }
        }
        object.append("}")
        if modes.hstore == .map {
            sink.append(object.view(0, object.count))
        } else {
            writeString(object.view(0, object.count), into: &sink)
        }
    }

    private mutating func writeHstoreText(
        _ text: ByteView, _ index: inout Int, into sink: inout ByteSink
    ) throws(ValueFault) {
        inner.removeAll()
        guard index < text.count, text[index] == UInt8(ascii: "\""), Self.unquote(text, &index, into: &inner) else {
            throw .encoding("an hstore")
        }
        writeString(inner.view(0, inner.count), into: &sink)
    }
}
