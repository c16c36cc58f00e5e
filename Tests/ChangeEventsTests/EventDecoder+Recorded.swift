import ChangeEvents

extension EventDecoder {
    /// Decodes a recorded event.
    func decode(_ event: RecordedEvent, into batch: RowBatch) throws(DecodeError) -> DecodeOutcome {
        try decode(
            key: event.key, value: event.value, newKey: event.headers[EventHeaders.newKeyName],
            oldKey: event.headers[EventHeaders.oldKeyName], into: batch, offset: Int64(event.line))
    }

    /// Decodes a message given as texts.
    func decode(key: String? = nil, value: String?, into batch: RowBatch) throws(DecodeError) -> DecodeOutcome {
        try decode(key: key.map { Array($0.utf8) }, value: value.map { Array($0.utf8) }, into: batch)
    }

    func decode(
        key: [UInt8]?, value: [UInt8]?, newKey: [UInt8]? = nil, oldKey: [UInt8]? = nil, into batch: RowBatch,
        offset: Int64 = 0
    ) throws(DecodeError) -> DecodeOutcome {
        func lend<Result>(
            _ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) throws(DecodeError) -> Result
        ) throws(DecodeError) -> Result {
            guard let bytes else { return try body(nil) }
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
            defer { copy.deallocate() }
            copy.copyBytes(from: bytes)
            return try body(UnsafeRawBufferPointer(copy))
        }
        return try lend(key) { key throws(DecodeError) in
            try lend(value) { value throws(DecodeError) in
                try lend(newKey) { newKey throws(DecodeError) in
                    try lend(oldKey) { oldKey throws(DecodeError) in
                        try self.decode(
                            key: key, value: value, headers: EventHeaders(newKey: newKey, oldKey: oldKey),
                            into: batch, offset: offset)
                    }
                }
            }
        }
    }
}
