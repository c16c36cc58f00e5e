/// What a test needs is not as it should be.
struct Unexpected: Error, CustomStringConvertible {
    let description: String
}
