/// Integers as text and back.
extension ByteSink {
    /// An integer's digits; reserves its own room.
    mutating func appendInteger(_ value: Int64) {
        reserve(20)
        if value < 0 { put(UInt8(ascii: "-")) }
        putDigits(value.magnitude)
    }

    /// The digits of a magnitude; room for 20 must have been reserved.
    @inline(__always)
    mutating func putDigits(_ value: UInt64) {
        var digits = 1
        var limit: UInt64 = 10
        while digits < 20, value >= limit {
            digits += 1
            limit = digits == 20 ? .max : limit &* 10
        }
        putDigits(value, width: digits)
    }

    /// Exactly `width` digits, zeros in front; room for them must have been reserved.
    @inline(__always)
    mutating func putDigits(_ value: UInt64, width: Int) {
        var rest = value
        let start = count
        for _ in 0..<width { put(UInt8(ascii: "0")) }
        var place = start + width - 1
        while rest > 0, place >= start {
            self[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            place -= 1
        }
    }
}

extension ByteView {
    /// The bytes as an integer; nil when they are none or it does not fit.
    @inline(__always)
    var integer: Int64? {
        var index = 0
        let negative = count > 0 && self[0] == UInt8(ascii: "-")
        if negative { index = 1 }
        guard index < count, count - index <= 19 else { return nil }
        var magnitude: UInt64 = 0
        while index < count {
            let digit = self[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            magnitude = magnitude &* 10 &+ UInt64(digit)
            index += 1
        }
        if negative { return magnitude <= UInt64(Int64.max) + 1 ? 0 &- Int64(bitPattern: magnitude) : nil }
        return magnitude <= UInt64(Int64.max) ? Int64(magnitude) : nil
    }

    /// Whether the bytes are an integer by JSON's grammar, whatever its size.
    var isInteger: Bool {
        for index in 0..<count where self[index] &- UInt8(ascii: "0") > 9 {
            if index > 0 || self[index] != UInt8(ascii: "-") { return false }
        }
        return true
    }
}
