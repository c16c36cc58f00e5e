import Model

/// From tokens to a row of the batch.
extension EventDecoder {
    /// Which table of spans an image goes to, and how strictly.
    private enum Image {
        case main(row: Int)
        /// The main table, key columns only.
        case mainKey(row: Int)
        /// Values of an old row may be invented by the connector: what cannot be read is unavailable.
        case before(row: Int)
        case otherKey(place: Int)

        var isOld: Bool {
            if case .before = self { true } else { false }
        }
    }

    func appendRow(
        _ document: ParsedDocument, _ envelope: Envelope, _ header: RowHeader, _ key: UnsafeRawBufferPointer?,
        _ headers: EventHeaders, _ batch: RowBatch
    ) throws(DecodeError) -> DecodeOutcome {
        let bytesBefore = batch.sink.count
        let row = batch.appendRow(header)
        layout = 0
        do throws(DecodeError) {
            try unsafe fill(row, document, envelope, header.operation, key, batch)
            try readOtherKey(row, header.operation, headers, batch)
        } catch {
            batch.removeLastRow()
            batch.sink.truncate(to: bytesBefore)
            throw error
        }
        return .row(row)
    }

    func appendKey(_ key: UnsafeRawBufferPointer, _ batch: RowBatch) throws(DecodeError) -> Int {
        let bytesBefore = batch.sink.count
        let row = batch.appendRow(RowHeader(operation: .delete))
        do throws(DecodeError) {
            let parsed = try unsafe parse(ByteView(key), .key, keySchemas)
            try writeImage(parsed, parsed.root, "", .mainKey(row: row), batch)
            for column in keyColumns where batch.span(row, column).presence != .value {
                throw parsed.error(
                    .missing, at: parsed.root, columns[column].name, expected: "a value", found: "none")
            }
        } catch {
            batch.removeLastRow()
            batch.sink.truncate(to: bytesBefore)
            throw error
        }
        return row
    }

    private func fill(
        _ row: Int, _ document: ParsedDocument, _ envelope: Envelope, _ operation: ChangeOperation,
        _ key: UnsafeRawBufferPointer?, _ batch: RowBatch
    ) throws(DecodeError) {
        let tokens = document.tokens
        let hasBefore = envelope.before > 0 && tokens.kind(envelope.before) == .object
        if batch.keepsBefore, hasBefore {
            try writeImage(document, envelope.before, "before", .before(row: row), batch)
        }
        guard operation == .delete else {
            guard envelope.after > 0 else {
                throw document.error(.missing, at: document.root, "after", expected: "a row", found: "none")
            }
            let sum = try writeImage(document, envelope.after, "after", .main(row: row), batch)
            layout = layoutNumbers.number(sum) ?? addLayout(sum, document, envelope.after)
            return
        }
        if hasBefore {
            let image = keyColumns.isEmpty ? Image.main(row: row) : .mainKey(row: row)
            try writeImage(document, envelope.before, "before", image, batch)
        }
        if keyColumns.contains(where: { batch.span(row, $0).presence != .value }) || (keyColumns.isEmpty && !hasBefore)
        {
            // The parser is used again: nothing of the value may be read after this.
            guard let key = unsafe key else {
                throw DecodeError(
                    code: .missing, part: .key, offset: 0, path: "", expected: "a key for a delete", found: "none")
            }
            let parsed = try unsafe parse(ByteView(key), .key, keySchemas)
            try writeImage(parsed, parsed.root, "", .mainKey(row: row), batch)
        }
    }

    private func addLayout(_ sum: UInt64, _ document: ParsedDocument, _ row: Int) -> Int {
        let fields = document.tokens.children(row).map { JSONText.plain(document.tokens.key($0)) }
        return layoutNumbers.add(EventLayout(fields: fields, schema: document.fields.schema), sum)
    }

    /// The other key of a key change. A header that is no JSON object (another header converter) says nothing.
    private func readOtherKey(
        _ row: Int, _ operation: ChangeOperation, _ headers: EventHeaders, _ batch: RowBatch
    ) throws(DecodeError) {
        let isMove = operation == .delete
        guard isMove || operation == .create, let bytes = unsafe isMove ? headers.newKey : headers.oldKey else {
            return
        }
        guard let first = unsafe bytes.first, first == UInt8(ascii: "{") else { return }
        let parsed = try unsafe parse(ByteView(bytes), .header, keySchemas)
        guard parsed.tokens.kind(parsed.root) == .object else { return }
        let place = batch.otherKeySpans.count / max(batch.columnCount, 1)
        batch.otherKeySpans.append(.absent, count: batch.columnCount)
        batch.otherKeys[row] = Int32(place)
        batch.headers[row].keyChange = isMove ? .movedTo : .movedFrom
        try writeImage(parsed, parsed.root, "", .otherKey(place: place), batch)
    }

    /// Writes the fields of an object into the arena and their spans into a table.
    ///
    /// - Returns: the sum that tells which fields the object has.
    @discardableResult
    private func writeImage(
        _ document: ParsedDocument, _ object: Int, _ name: String, _ image: Image, _ batch: RowBatch
    ) throws(DecodeError) -> UInt64 {
        let tokens = document.tokens
        guard tokens.kind(object) == .object else {
            throw document.error(.unexpectedType, at: object, name, expected: "a row")
        }
        // Copies for the loop: their memory is the batch's and the decoder's own.
        var sink = batch.sink
        var writer = self.writer
        defer {
            batch.sink = sink
            self.writer = writer
        }
        let (spans, first): (SpanTable, Int) =
            switch image {
            case .main(let row), .mainKey(let row): (batch.spans, row * batch.columnCount)
            case .before(let row): (batch.beforeSpans, row * batch.columnCount)
            case .otherKey(let place): (batch.otherKeySpans, place * batch.columnCount)
            }
        var keysOnly = false
        if case .mainKey = image { keysOnly = !keyColumns.isEmpty }
        var index = object + 1
        let end = tokens.end(object)
        var place = 0
        var sum = document.fields.seed
        while index < end {
            let entry = document.fields.entry(at: place, tokens.key(index))
            sum &+= entry.mark
            if entry.column >= 0, !keysOnly || keyFlags[entry.column] {
                let start = sink.count
                var span = ValueSpan.unavailable
                do throws(ValueFault) {
                    let presence = try writer.write(tokens, index, entry.encoding, into: &sink)
                    if presence == .value {
                        span = ValueSpan(offset: start, length: Int32(truncatingIfNeeded: sink.count - start))
                    } else {
                        sink.truncate(to: start)
                        span = ValueSpan(presence)
                    }
                } catch {
                    sink.truncate(to: start)
                    guard image.isOld else {
                        throw fault(error, document, index, name, columns[entry.column].name)
                    }
                }
                spans[first + entry.column] = span
            }
            index = tokens.end(index)
            place += 1
        }
        return sum
    }

    private func fault(
        _ fault: ValueFault, _ document: ParsedDocument, _ token: Int, _ image: String, _ column: String
    ) -> DecodeError {
        let found = fault.code == .unexpectedType ? nil : "another " + document.tokens.kind(token).name.dropArticle
        return document.error(
            fault.code, at: token, image.isEmpty ? column : "\(image).\(column)", expected: "\(fault.expected)",
            found: found)
    }
}

extension String {
    fileprivate var dropArticle: String {
        hasPrefix("an ") ? String(dropFirst(3)) : hasPrefix("a ") ? String(dropFirst(2)) : self
    }
}
