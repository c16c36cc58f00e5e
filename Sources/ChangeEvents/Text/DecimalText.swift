/// Decimals as big-endian two's complement and as digits.
enum DecimalText {
    /// Puts the decimal whose unscaled value the bytes are.
    ///
    /// - Parameters:
    ///   - bytes: big-endian two's complement; must not lie in `sink` or `scratch`.
    ///   - scale: digits behind the point; negative for zeros to add.
    ///   - scratch: room to work in; as it was afterwards.
    static func write(_ bytes: ByteView, scale: Int, into sink: inout ByteSink, scratch: inout ByteSink) {
        guard !bytes.isEmpty else { return writeDigits(ByteView.zero, false, scale, into: &sink) }
        let negative = bytes[0] & 0x80 != 0
        let start = scratch.count
        defer { scratch.truncate(to: start) }
        if bytes.count <= 8 {
            var value: UInt64 = negative ? .max : 0
            for index in 0..<bytes.count { value = value << 8 | UInt64(bytes[index]) }
            scratch.reserve(20)
            scratch.putDigits(negative ? 0 &- value : value)
        } else {
            putBigDigits(bytes, negative, into: &scratch)
        }
        writeDigits(scratch.view(start, scratch.count - start), negative, scale, into: &sink)
    }

    /// The digits of any magnitude, by dividing by 10^18 over and over; for the cold path.
    private static func putBigDigits(_ bytes: ByteView, _ negative: Bool, into sink: inout ByteSink) {
        var limbs: [UInt32] = []
        var end = bytes.count
        while end > 0 {
            var limb: UInt32 = 0
            for place in 0..<4 {
                let index = end - 1 - place
                let byte: UInt8 = index >= 0 ? bytes[index] : negative ? 0xFF : 0
                limb |= UInt32(byte) << UInt32(8 * place)
            }
            limbs.append(limb)
            end -= 4
        }
        if negative {
            var carry = true
            for index in limbs.indices {
                limbs[index] = ~limbs[index]
                if carry { (limbs[index], carry) = limbs[index].addingReportingOverflow(1) }
            }
            if carry { limbs.append(1) }
        }
        var groups: [UInt32] = []
        while let top = limbs.lastIndex(where: { $0 != 0 }) {
            limbs.removeLast(limbs.count - 1 - top)
            var remainder: UInt64 = 0
            for index in limbs.indices.reversed() {
                let part = remainder << 32 | UInt64(limbs[index])
                limbs[index] = UInt32(part / 1_000_000_000)
                remainder = part % 1_000_000_000
            }
            groups.append(UInt32(remainder))
        }
        sink.reserve(groups.count * 9 + 20)
        sink.putDigits(UInt64(groups.last ?? 0))
        for group in groups.dropLast().reversed() { sink.putDigits(UInt64(group), width: 9) }
    }

    /// Puts digits with a point before the last `scale` of them.
    static func writeDigits(_ digits: ByteView, _ negative: Bool, _ scale: Int, into sink: inout ByteSink) {
        sink.reserve(digits.count + abs(scale) + 3)
        if negative { sink.put(UInt8(ascii: "-")) }
        if scale <= 0 {
            sink.put(digits)
            if !(digits.count == 1 && digits[0] == UInt8(ascii: "0")) {
                for _ in 0..<(0 - scale) { sink.put(UInt8(ascii: "0")) }
            }
        } else if digits.count > scale {
            sink.put(digits.slice(0, digits.count - scale))
            sink.put(UInt8(ascii: "."))
            sink.put(digits.dropFirst(digits.count - scale))
        } else {
            sink.put("0.")
            for _ in 0..<(scale - digits.count) { sink.put(UInt8(ascii: "0")) }
            sink.put(digits)
        }
    }
}

extension ByteView {
    /// The digit zero.
    static var zero: ByteView {
        let digit: StaticString = "0"
        return unsafe ByteView(base: digit.utf8Start, count: 1)
    }
}
