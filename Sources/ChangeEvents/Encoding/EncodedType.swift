/// What the encoder has to know of a column's type besides its encoding, without references to count per value.
struct EncodedType {
    let isMoney: Bool
    /// A numeric whose scale every value chooses.
    let isOpenNumeric: Bool
    let isSingleBit: Bool
    let isUUID: Bool
    /// Digits of a second.
    let precision: Int

    init(_ type: SourceType) {
        isMoney = type.name == "money"
        isOpenNumeric = type.name == "numeric" && type.scale == nil
        isSingleBit = type.name == "bit" && type.length ?? 1 == 1
        isUUID = type.name == "uuid"
        precision = min(type.length ?? 6, 6)
    }
}
