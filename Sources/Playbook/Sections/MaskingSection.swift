/// The playbook's `masking`.
public struct MaskingSection: Sendable {
    /// The key of `mask: hmac`.
    public var key: SecretText
    public var location: FileLocation
}
