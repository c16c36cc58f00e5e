extension DecimalText {
    /// The digits of a decimal without its point, brought to a scale.
    ///
    /// - Parameter scale: how many digits to keep behind the point; nil for as many as there are without the zeros at
    ///   the end.
    /// - Returns: nil when the text is no decimal or has more digits behind the point than the scale.
    static func digits(of text: ByteView, scale: Int?) -> (negative: Bool, (digits: [UInt8], scale: Int))? {
        var digits: [UInt8] = []
        digits.reserveCapacity(text.count + (scale ?? 0))
        var fraction: Int?
        var index = 0
        let negative = text.count > 0 && text[0] == UInt8(ascii: "-")
        if negative { index = 1 }
        while index < text.count {
            if let digit = text.digit(index) {
                digits.append(UInt8(digit))
                if let places = fraction { fraction = places + 1 }
            } else if text[index] == UInt8(ascii: "."), fraction == nil {
                fraction = 0
            } else {
                return nil
            }
            index += 1
        }
        guard !digits.isEmpty else { return nil }
        var places = fraction ?? 0
        while places > scale ?? 0, digits.last == 0 {
            digits.removeLast()
            places -= 1
        }
        if let scale {
            guard places <= scale else { return nil }
            digits += Array(repeating: 0, count: scale - places)
            places = scale
        }
        return (negative, (digits, places))
    }

    /// The same for a decimal of at most 18 digits, as nearly all are; nil for others.
    static func small(_ text: ByteView, scale: Int?) -> (unscaled: Int64, scale: Int)? {
        guard text.count <= 20, scale ?? 0 <= 18 else { return nil }
        let isNegative = text.count > 0 && text[0] == UInt8(ascii: "-")
        guard text.count > (isNegative ? 1 : 0) else { return nil }
        var magnitude: Int64 = 0
        var count = 0
        var places: Int?
        for index in (isNegative ? 1 : 0)..<text.count {
            if let digit = text.digit(index) {
                magnitude = magnitude &* 10 &+ Int64(digit)
                count += magnitude == 0 ? 0 : 1
                if let behind = places { places = behind + 1 }
            } else if text[index] == UInt8(ascii: "."), places == nil {
                places = 0
            } else {
                return nil
            }
        }
        var shown = places ?? 0
        guard count <= 18 else { return nil }
        while shown > scale ?? 0, magnitude % 10 == 0 {
            magnitude /= 10
            shown -= 1
            count -= 1
        }
        if let scale {
            guard shown <= scale, max(count, 0) + scale - shown <= 18 else { return nil }
            for _ in shown..<scale { magnitude *= 10 }
            shown = scale
        }
        return (isNegative ? -magnitude : magnitude, shown)
    }

    /// Puts a number as big-endian two's complement, in as few bytes as it takes.
    static func writeUnscaled(_ value: Int64, into sink: inout ByteSink) {
        var bytes = 1
        while bytes < 8, value >> Int64(8 * bytes - 1) != 0, value >> Int64(8 * bytes - 1) != -1 { bytes += 1 }
        sink.reserve(8)
        for place in stride(from: bytes - 1, through: 0, by: -1) {
            sink.put(UInt8(truncatingIfNeeded: value >> Int64(8 * place)))
        }
    }

    /// Puts digits as big-endian two's complement, in as few bytes as it takes.
    static func writeUnscaled(_ digits: [UInt8], _ negative: Bool, into sink: inout ByteSink) {
        if digits.count <= 18 {
            let magnitude = digits.reduce(Int64(0)) { $0 * 10 + Int64($1) }
            return writeUnscaled(negative ? -magnitude : magnitude, into: &sink)
        }
        var limbs: [UInt32] = [0]
        for digit in digits {
            var carry = UInt64(digit)
            for index in limbs.indices {
                let product = UInt64(limbs[index]) * 10 + carry
                limbs[index] = UInt32(truncatingIfNeeded: product)
                carry = product >> 32
            }
            if carry > 0 { limbs.append(UInt32(carry)) }
        }
        limbs.append(0)
        if negative {
            var carry = true
            for index in limbs.indices {
                limbs[index] = ~limbs[index]
                if carry { (limbs[index], carry) = limbs[index].addingReportingOverflow(1) }
            }
        }
        var bytes = limbs.reversed().flatMap { limb in
            (0..<4).reversed().map { UInt8(truncatingIfNeeded: limb >> UInt32(8 * $0)) }
        }
        let sign: UInt8 = bytes[0] & 0x80 != 0 ? 0xFF : 0
        var first = 0
        while first < bytes.count - 1, bytes[first] == sign, bytes[first + 1] & 0x80 == sign & 0x80 { first += 1 }
        bytes.removeFirst(first)
        sink.append(bytes)
    }
}
