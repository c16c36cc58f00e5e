internal import Playbook

/// The shapes of an entity's images met so far by a lane, numbered: a shape's number is its mask in the stage, and the
/// same in every batch that is applied in the lane's session, where statements are prepared by it.
final class ShapeNumbers {
    /// The shapes by number.
    private(set) var shapes: [RowShape]
    private var numbers: [RowShape: Int32]

    /// Number 0 is the whole row.
    init(_ entity: CompiledEntity) {
        let full = RowShape(present: entity.allColumns, isPartial: false, isArrival: false)
        shapes = [full]
        numbers = [full: 0]
    }

    /// The number of a shape, the next one if it is new.
    func number(of shape: RowShape) -> Int32 {
        if let known = numbers[shape] { return known }
        let number = Int32(shapes.count)
        shapes.append(shape)
        numbers[shape] = number
        return number
    }
}
