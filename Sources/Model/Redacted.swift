/// A secret that shows itself only to `reveal()`: printing, dumping, interpolating or reflecting it gives `<redacted>`.
public struct Redacted<Value: Sendable>: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    private let value: Value

    /// Hides `value`.
    public init(_ value: Value) { self.value = value }

    /// The secret itself: to be handed to the library that needs it, and nowhere else.
    public func reveal() -> Value { value }

    public var description: String { "<redacted>" }
    public var debugDescription: String { "<redacted>" }
    public var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)]()) }
}
