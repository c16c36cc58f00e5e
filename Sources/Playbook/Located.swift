/// A value of the playbook and where it stands.
public struct Located<Value: Sendable>: Sendable {
    public let value: Value
    public let location: FileLocation

    /// `value`, read at `location`.
    public init(_ value: Value, at location: FileLocation) {
        self.value = value
        self.location = location
    }
}

extension Located: Equatable where Value: Equatable {}
extension Located: Hashable where Value: Hashable {}
