/// Kafka's default partitioner for keyed messages, as its Java client has it (`Utils.murmur2`, `Utils.toPositive`).
enum JavaPartitioner {
    static func partition(_ key: [UInt8], of count: Int32) -> Int32 {
        Int32(bitPattern: murmur2(key) & 0x7FFF_FFFF) % count
    }

    private static func murmur2(_ data: [UInt8]) -> UInt32 {
        let multiplier: UInt32 = 0x5BD1_E995
        var hash = 0x9747_B28C ^ UInt32(data.count)
        let blocks = data.count / 4
        for block in 0..<blocks {
            var word: UInt32 = 0
            for byte in 0..<4 { word |= UInt32(data[block * 4 + byte]) << UInt32(8 * byte) }
            word = word &* multiplier
            word ^= word >> 24
            word = word &* multiplier
            hash = hash &* multiplier ^ word
        }
        let rest = data[(blocks * 4)...]
        if !rest.isEmpty {
            for (place, byte) in rest.enumerated() { hash ^= UInt32(byte) << UInt32(8 * place) }
            hash = hash &* multiplier
        }
        hash ^= hash >> 13
        hash = hash &* multiplier
        return hash ^ hash >> 15
    }
}
