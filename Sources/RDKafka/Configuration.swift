import CRDKafka

/// Properties of a librdkafka client: any of them, by librdkafka's names.
///
/// They are checked when a client is made from them; an unknown name or an impossible value throws an error that names it.
/// The description shows names only, since values may be secrets.
public struct Configuration: Sendable, Equatable {
    /// Name to value.
    public private(set) var properties: [String: String]

    /// The properties given; what is not given has librdkafka's default.
    public init(_ properties: [String: String] = [:]) { self.properties = properties }

    /// The value of one property, if set here.
    public subscript(name: String) -> String? {
        get { properties[name] }
        set { properties[name] = newValue }
    }

    /// These properties with `others` laid over them.
    public func overridden(by others: [String: String]) -> Configuration {
        Configuration(properties.merging(others) { _, new in new })
    }

    /// These properties where set, `defaults` elsewhere.
    public func withDefaults(_ defaults: [String: String]) -> Configuration {
        Configuration(properties.merging(defaults) { own, _ in own })
    }

    /// Throws what making a client would throw for a property that is unknown or has an impossible value.
    public func validate() throws(KafkaError) {
        unsafe rd_kafka_conf_destroy(try makeNative())
    }

    /// Whether this librdkafka has a property.
    public static func isKnown(_ name: String) -> Bool {
        guard let native = unsafe rd_kafka_conf_new() else { return false }
        defer { unsafe rd_kafka_conf_destroy(native) }
        var size = 0
        return unsafe rd_kafka_conf_get(native, name, nil, &size) == RD_KAFKA_CONF_OK
    }

    /// A `rd_kafka_conf_t` that the caller owns.
    func makeNative() throws(KafkaError) -> OpaquePointer {
        guard let native = unsafe rd_kafka_conf_new() else {
            throw KafkaError(code: .invalidArgument, message: "no memory for a configuration")
        }
        for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
            if let failure = unsafe withReason({ unsafe set(native, name, value, $0, $1) }) {
                unsafe rd_kafka_conf_destroy(native)
                throw failure
            }
        }
        return unsafe native
    }

    private func set(
        _ native: OpaquePointer, _ name: String, _ value: String, _ reason: UnsafeMutablePointer<CChar>, _ size: Int
    ) -> rd_kafka_resp_err_t {
        unsafe rd_kafka_conf_set(native, name, value, reason, size) == RD_KAFKA_CONF_OK
            ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__INVALID_ARG
    }
}

extension Configuration: CustomStringConvertible {
    /// The names that are set.
    public var description: String { "Configuration(" + properties.keys.sorted().joined(separator: ", ") + ")" }
}

/// Runs a call that writes its reason for failing into a buffer.
func withReason(
    _ body: (UnsafeMutablePointer<CChar>, Int) -> rd_kafka_resp_err_t
) -> KafkaError? {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
        guard let base = buffer.baseAddress else { return nil }
        unsafe base.initialize(repeating: 0, count: buffer.count)
        let result = unsafe body(base, buffer.count)
        guard result != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        return unsafe KafkaError(result, String(cString: base))
    }
}
