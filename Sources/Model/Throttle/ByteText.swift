/// Sizes for people to read.
public enum ByteText {
    /// A number of bytes in the largest unit of 1024 that leaves at least one of it.
    public static func text(_ bytes: Double) -> String {
        var value = bytes
        for unit in ["B", "kB", "MB", "GB"] {
            if value < 1024 { return tenths(value, unit) }
            value /= 1024
        }
        return tenths(value, "TB")
    }

    private static func tenths(_ value: Double, _ unit: String) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 || value >= 100
            ? "\(Int(value.rounded())) \(unit)" : "\(tenths / 10).\(tenths % 10) \(unit)"
    }
}
