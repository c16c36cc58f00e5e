/// The exceptions of the PostgreSQL recordings, each with its reason.
public enum KnownLosses {
    private static let replacing: Set<String> = ["json", "json-schema"]
    private static let precise: Set<String> = ["json", "json-schema", "decimal-numeric-json", "source-types"]
    private static let numeric: Set<String> = ["json", "json-schema", "decimal-numeric-json"]

    /// All of them.
    public static let all: [KnownLoss] = types + times + others

    private static let types = [
        KnownLoss(
            "pg-types", "zoo_bin", ["vb", "vb40"], rows: ["3", "103", "5", "105"],
            "a bit string of varying length loses its leading zeros"),
        KnownLoss(
            "pg-types", precise, "zoo_nan", ["n", "n10_2"], rows: ["101"], "NaN in a precise decimal becomes null"),
        KnownLoss(
            "pg-types", numeric, "zoo_num", ["n"], rows: ["3", "103", "6", "106"],
            "a bare numeric loses the zeros at its end; the number is the same"),
        KnownLoss(
            "pg-types", ["decimal-double"], "zoo_num", ["*"], rows: ["102", "103"],
            "a double has 15 digits: rounded up, the number is out of its column's range"),
        KnownLoss(
            "pg-types", ["decimal-double"], "zoo_num", ["n", "n10_2", "n38_10", "m", "p"],
            "a double has no scale and 15 digits"),
        KnownLoss("pg-types", "zoo_text", ["n"], "name is null in the stream: taken as unavailable"),
        KnownLoss(
            "pg-types", "zoo_text", ["t"], rows: ["8", "108"],
            "a real text that equals the placeholder cannot be told from an unavailable value"),
        KnownLoss(
            "pg-types", "zoo_doc", ["x"], rows: ["3", "103"],
            "PostgreSQL's own output of xml leaves out the declaration of version 1.0"),
        KnownLoss(
            "pg-types", "zoo_array", ["ma"], rows: ["3", "103"], "an enum array with a null element becomes null"),
        KnownLoss(
            "pg-types", "zoo_array_2d", ["i2", "t2", "lb"], rows: ["101"],
            "arrays of several dimensions come as nulls or Java object names; lower bounds are lost"),
        KnownLoss(
            "pg-types", replacing, "zoo_misc",
            ["bx", "ci", "ib", "ln", "ls", "pg", "ph", "rc", "sg", "td", "tq", "xd"],
            "types unknown to the connector are absent without include.unknown.datatypes"),
        KnownLoss(
            "pg-types", replacing, "zoo_user", ["imr", "pr"],
            "types unknown to the connector are absent without include.unknown.datatypes"),
    ]

    private static let times = [
        KnownLoss(
            "pg-types", replacing, "zoo_interval", ["iv"], rows: ["1", "2", "101", "102"],
            "an interval beyond 64 bits of microseconds is cut off: taken as unavailable"),
        KnownLoss(
            "pg-types", replacing, "zoo_interval", ["iv"], rows: ["3", "5", "6", "7", "103", "105", "106", "107"],
            "an interval in microseconds has no days, and months of 30.4375 days"),
        KnownLoss(
            "pg-types", "zoo_time", ["iv"], "an interval in microseconds has no days, and months of 30.4375 days"),
        KnownLoss(
            "pg-types", "zoo_time", ["ttz"], rows: ["1", "3", "101", "103"], "a time is turned to UTC, its zone lost"),
        KnownLoss("pg-types", "zoo_time_24", ["ttz"], rows: ["1", "101"], "24:00 with a zone becomes 00:00"),
        KnownLoss(
            "pg-types", ["time-isostring"], "zoo_time_24", ["t", "t0"], rows: ["101"], "24:00 becomes 00:00 in ISO"),
        KnownLoss(
            "pg-types", ["json"], "zoo_time", ["d"], rows: ["5"], "snapshot dates before 1582 are off by ten days"),
        KnownLoss("pg-types", ["json"], "zoo_time_bc", ["d"], rows: ["2"], "snapshot dates BC are off by years"),
        KnownLoss(
            "pg-types", ["time-connect"], "zoo_time", ["t", "ts"], rows: ["101", "103"],
            "connect times have three digits"),
        KnownLoss(
            "pg-types", ["json", "json-schema", "time-microseconds"], "zoo_time_far", ["ts"], rows: ["2", "102"],
            "294276-12-31 overflows 64 bits of microseconds: taken as unavailable"),
        KnownLoss(
            "pg-types", ["time-microseconds"], "zoo_time_far", ["ts3"], rows: ["102"],
            "294276-12-31 overflows 64 bits of microseconds: taken as unavailable"),
        KnownLoss(
            "pg-types", ["time-connect"], "zoo_time_far", ["ts"], rows: ["102"], "connect times have three digits"),
        KnownLoss(
            "pg-types", ["time-nanoseconds"], "zoo_time", ["ts", "ts0", "ts3"], rows: ["102", "103", "106"],
            "what does not fit 64 bits of nanoseconds becomes null"),
        KnownLoss(
            "pg-types", ["time-nanoseconds"], "zoo_time_bc", ["ts", "ts3"],
            "what does not fit 64 bits of nanoseconds becomes null"),
        KnownLoss(
            "pg-types", ["time-nanoseconds"], "zoo_time_far", ["ts", "ts3"],
            "what does not fit 64 bits of nanoseconds becomes null"),
    ]

    private static let others = [
        KnownLoss(
            "pg-null-default", replacing, "setting", ["status", "hits", "price", "day", "flag", "at", "computed"],
            rows: ["2", "12", "11"], "the converter replaces NULL by the column's default"),
        KnownLoss("pg-null-default", "setting", ["computed"], rows: ["1", "11"], "now() differs from run to run"),
        KnownLoss("pg-heartbeat", "heartbeat", ["at"], "now() differs from run to run"),
        KnownLoss("pg-generated", "line", ["total"], "stored generated columns are not in the stream"),
        KnownLoss("pg-incremental-snapshot", "debezium_signal", ["*"], "the connector writes its own watermarks there"),
    ]
}
