/// A growing buffer of bytes, written through after `reserve` without checks, except in debug builds.
///
/// A value that is copied shares the memory: exactly one copy may be written to or freed. `RowBatch` and the encoder
/// own one each and lend it to the decoder by moving it out and back.
@safe
struct ByteSink {
    private(set) var count = 0
    private(set) var capacity: Int
    private var base: UnsafeMutablePointer<UInt8>

    init(capacity: Int) {
        self.capacity = max(capacity, 64)
        unsafe base = UnsafeMutablePointer<UInt8>.allocate(capacity: self.capacity)
    }

    /// Frees the memory; the sink and all its copies are dead afterwards.
    func free() { unsafe base.deallocate() }

    mutating func removeAll() { count = 0 }

    /// Forgets everything from `count` on: what a failed value left behind.
    mutating func truncate(to count: Int) { self.count = count }

    /// Makes room for `extra` more bytes: after it, that many may be put.
    @inline(__always)
    mutating func reserve(_ extra: Int) {
        if count &+ extra > capacity { grow(extra) }
    }

    @inline(never)
    private mutating func grow(_ extra: Int) {
        let wanted = max(capacity * 2, count + extra)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: wanted)
        unsafe larger.update(from: base, count: count)
        unsafe base.deallocate()
        unsafe base = larger
        capacity = wanted
    }

    /// One byte; room for it must have been reserved.
    @inline(__always)
    mutating func put(_ byte: UInt8) {
        assert(count < capacity, "room must be reserved")
        unsafe base[count] = byte
        count &+= 1
    }

    /// Bytes; room for them must have been reserved.
    @inline(__always)
    mutating func put(_ bytes: ByteView) {
        assert(count + bytes.count <= capacity, "room must be reserved")
        unsafe (base + count).update(from: bytes.base, count: bytes.count)
        count &+= bytes.count
    }

    /// A constant; room for it must have been reserved.
    @inline(__always)
    mutating func put(_ text: StaticString) {
        assert(count + text.utf8CodeUnitCount <= capacity, "room must be reserved")
        unsafe (base + count).update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        count &+= text.utf8CodeUnitCount
    }

    /// Reserves room for bytes and puts them.
    mutating func append(_ bytes: ByteView) {
        reserve(bytes.count)
        put(bytes)
    }

    /// Reserves room for bytes and puts them.
    mutating func append(_ bytes: [UInt8]) {
        reserve(bytes.count)
        unsafe bytes.withUnsafeBytes { unsafe put(ByteView($0)) }
    }

    /// Reserves room for a text and puts it.
    mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            reserve(bytes.count)
            for index in 0..<bytes.count { unsafe put(bytes[index]) }
        }
    }

    /// The byte at `index`, which must be below `count`.
    subscript(index: Int) -> UInt8 {
        @inline(__always) get {
            assert(index >= 0 && index < count, "outside of what was put")
            return unsafe base[index]
        }
        @inline(__always) set {
            assert(index >= 0 && index < count, "outside of what was put")
            unsafe base[index] = newValue
        }
    }

    /// What was put from `offset` on, valid until the sink next grows or is freed.
    @inline(__always)
    func view(_ offset: Int, _ length: Int) -> ByteView {
        assert(offset >= 0 && length >= 0 && offset + length <= count, "outside of what was put")
        return unsafe ByteView(base: base + offset, count: length)
    }

    /// Everything put, valid until the sink next grows or is freed.
    var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: base, count: count) }
}
