/// An error of a test's own.
struct Refusal: Error {
    /// Throws one. A function, since Swift 6.3.1 crashes on some closures of `#expect(throws:)` that do nothing but throw.
    static func refuse() throws { throw Refusal() }
}
