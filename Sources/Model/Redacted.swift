/// A secret that shows itself only to `reveal()`: printing, dumping, interpolating or reflecting it gives `<redacted>`.
public struct Redacted<Value: Sendable>: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    private let value: Value
    private let renewal: (@Sendable () throws -> Value)?

    /// Hides `value`, which `renewal` looks up anew.
    public init(_ value: Value, renewal: (@Sendable () throws -> Value)? = nil) {
        self.value = value
        self.renewal = renewal
    }

    /// The secret as it is now where it comes from; this one when that is not known.
    ///
    /// - Throws: why it cannot be looked up.
    public func renewed() throws -> Redacted { Redacted(try renewal?() ?? value, renewal: renewal) }

    /// The secret itself: to be handed to the library that needs it, and nowhere else.
    public func reveal() -> Value { value }

    public var description: String { "<redacted>" }
    public var debugDescription: String { "<redacted>" }
    public var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)]()) }
}
