/// Parameters laid out as libpq wants them: one block of bytes with pointers into it, lengths and formats.
struct ParameterList {
    private var bytes: [UInt8] = []
    private var offsets: [Int] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []

    init(_ parameters: [Parameter]) throws(PostgresError) {
        for (index, parameter) in parameters.enumerated() {
            switch parameter {
            case .null:
                offsets.append(-1)
                lengths.append(0)
                formats.append(0)
            case .text(let text):
                offsets.append(bytes.count)
                let start = bytes.count
                bytes.append(contentsOf: text.utf8)
                if bytes[start...].contains(0) {
                    throw PostgresError(
                        .usage, "parameter \(index + 1) contains a zero byte, which text cannot hold",
                        sqlState: .characterNotInRepertoire)
                }
                bytes.append(0)
                lengths.append(0)
                formats.append(0)
            case .binary(let value):
                guard let length = Int32(exactly: value.count) else {
                    throw PostgresError(.usage, "parameter \(index + 1) is larger than 2 GiB")
                }
                offsets.append(bytes.count)
                bytes.append(contentsOf: value)
                // So that an empty value has an address, too.
                bytes.append(0)
                lengths.append(length)
                formats.append(1)
            }
        }
    }

    var count: Int32 { Int32(truncatingIfNeeded: offsets.count) }

    /// Calls `body` with values, lengths and formats, which are valid during the call.
    func withPointers<R>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> R
    ) -> R {
        unsafe bytes.withUnsafeBytes { buffer in
            let pointers: [UnsafePointer<CChar>?] = unsafe offsets.map { offset in
                guard offset >= 0, let base = buffer.baseAddress else { return nil }
                return unsafe (base + offset).assumingMemoryBound(to: CChar.self)
            }
            return unsafe pointers.withUnsafeBufferPointer { pointers in
                unsafe lengths.withUnsafeBufferPointer { lengths in
                    unsafe formats.withUnsafeBufferPointer { formats in
                        unsafe body(pointers.baseAddress, lengths.baseAddress, formats.baseAddress)
                    }
                }
            }
        }
    }
}
