/// A growing table of spans that is appended to and truncated without checks or copies.
@safe
struct SpanTable {
    private(set) var count = 0
    private var capacity = 0
    private var base: UnsafeMutablePointer<ValueSpan>?

    /// Frees the memory; the table is dead afterwards.
    func free() { unsafe base?.deallocate() }

    mutating func removeAll() { count = 0 }

    mutating func truncate(to count: Int) { self.count = count }

    mutating func append(_ span: ValueSpan, count added: Int) {
        if count + added > capacity { grow(added) }
        guard let base = unsafe base else { return }
        unsafe (base + count).initialize(repeating: span, count: added)
        count += added
    }

    private mutating func grow(_ added: Int) {
        let wanted = max(1024, capacity * 2, count + added)
        let larger = UnsafeMutablePointer<ValueSpan>.allocate(capacity: wanted)
        if let base = unsafe base {
            unsafe larger.update(from: base, count: count)
            unsafe base.deallocate()
        }
        unsafe base = larger
        capacity = wanted
    }

    /// The span at `index`. Setting does not change the table but what its memory holds: a copy may be set through as
    /// long as the table is not appended to.
    subscript(index: Int) -> ValueSpan {
        @inline(__always) get {
            precondition(index >= 0 && index < count)
            return unsafe base.unsafelyUnwrapped[index]
        }
        @inline(__always) nonmutating set {
            precondition(index >= 0 && index < count)
            unsafe base.unsafelyUnwrapped[index] = newValue
        }
    }
}
