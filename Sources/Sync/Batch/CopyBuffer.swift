/// Bytes on their way into a COPY, in one piece of memory that grows and is reused.
final class CopyBuffer {
    private var base: UnsafeMutableRawPointer
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int = 1 << 17) {
        self.capacity = capacity
        base = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit { base.deallocate() }

    /// What has been written since the last `removeAll`.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    func removeAll() { count = 0 }

    @inline(__always)
    func append(_ byte: UInt8) {
        reserve(1)
        base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    @inline(__always)
    func append(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        reserve(bytes.count)
        (base + count).copyMemory(from: start, byteCount: bytes.count)
        count += bytes.count
    }

    /// SQL NULL in COPY's text format.
    @inline(__always)
    func appendNull() {
        append(0x5C)
        append(0x4E)
    }

    /// A decimal number.
    func append(decimal number: Int64) {
        guard number >= 10 || number < 0 else { return append(0x30 + UInt8(number)) }
        var digits: (UInt64, UInt64, UInt32) = (0, 0, 0)
        withUnsafeMutableBytes(of: &digits) { space in
            var place = 20
            var rest = number.magnitude
            repeat {
                place -= 1
                space[place] = 0x30 + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            if number < 0 { append(0x2D) }
            append(UnsafeRawBufferPointer(rebasing: space[place..<20]))
        }
    }

    /// The control columns that end a staged row.
    func appendControl(operation: UInt8, mask: Int32, transaction: UInt32?, sequence: Int, partition: Int32) {
        append(operation)
        append(0x09)
        append(decimal: Int64(mask))
        append(0x09)
        if let transaction { append(decimal: Int64(transaction)) } else { appendNull() }
        append(0x09)
        append(decimal: Int64(sequence))
        append(0x09)
        append(decimal: Int64(partition))
        append(0x0A)
    }

    /// A text, escaped for COPY.
    func append(copyText text: String) {
        for byte in text.utf8 {
            switch byte {
            case 0x5C:
                append(0x5C)
                append(0x5C)
            case 0x09:
                append(0x5C)
                append(0x74)
            case 0x0A:
                append(0x5C)
                append(0x6E)
            case 0x0D:
                append(0x5C)
                append(0x72)
            default: append(byte)
            }
        }
    }

    @inline(__always)
    private func reserve(_ more: Int) {
        if count + more > capacity { grow(more) }
    }

    private func grow(_ more: Int) {
        let larger = max(capacity * 2, count + more)
        let space = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        space.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = space
        capacity = larger
    }
}
