import Glibc

/// Bytes that live elsewhere, read without checks except in debug builds: whoever makes one answers for the memory's life and every reader
/// for staying below `count`.
@safe
struct ByteView {
    let base: UnsafePointer<UInt8>
    let count: Int

    @inline(__always)
    init(base: UnsafePointer<UInt8>, count: Int) {
        unsafe self.base = unsafe base
        self.count = count
    }

    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer) {
        if let address = bytes.baseAddress {
            unsafe base = address.assumingMemoryBound(to: UInt8.self)
        } else {
            unsafe base = UnsafePointer<UInt8>(bitPattern: 8).unsafelyUnwrapped
        }
        count = bytes.count
    }

    @inline(__always)
    subscript(index: Int) -> UInt8 {
        assert(index >= 0 && index < count, "outside of the bytes")
        return unsafe base[index]
    }

    @inline(__always)
    var isEmpty: Bool { count == 0 }

    /// The bytes from `start` up to `end`.
    @inline(__always)
    func slice(_ start: Int, _ end: Int) -> ByteView {
        assert(start >= 0 && start <= end && end <= count, "outside of the bytes")
        return unsafe ByteView(base: base + start, count: end - start)
    }

    @inline(__always)
    func dropFirst(_ number: Int) -> ByteView { slice(number, count) }

    /// The bytes as a text, ill-formed ones replaced; for the cold paths.
    var string: String { unsafe String(decoding: UnsafeBufferPointer(start: base, count: count), as: UTF8.self) }

    /// A copy of the bytes; for the cold paths.
    var array: [UInt8] { unsafe Array(UnsafeBufferPointer(start: base, count: count)) }

    var raw: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: base, count: count) }
}

extension ByteView {
    /// Eight bytes from `index` on; all must be below `count`.
    @inline(__always)
    func word(_ index: Int) -> UInt64 {
        unsafe UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self)
    }

    @inline(__always)
    func equals(_ other: ByteView) -> Bool {
        unsafe count == other.count && memcmp(base, other.base, count) == 0
    }

    @inline(__always)
    func hasPrefix(_ other: ByteView) -> Bool {
        unsafe count >= other.count && memcmp(base, other.base, other.count) == 0
    }

    @inline(__always)
    func equals(_ text: StaticString) -> Bool {
        unsafe count == text.utf8CodeUnitCount && memcmp(base, text.utf8Start, count) == 0
    }

    @inline(__always)
    func hasPrefix(_ text: StaticString) -> Bool {
        unsafe count >= text.utf8CodeUnitCount && memcmp(base, text.utf8Start, text.utf8CodeUnitCount) == 0
    }

    /// Where a byte first occurs; nil when it does not.
    @inline(__always)
    func firstIndex(of byte: UInt8) -> Int? {
        guard count > 0, let found = unsafe memchr(base, Int32(byte), count) else { return nil }
        return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
    }
}
