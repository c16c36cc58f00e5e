extension SQLState {
    /// The classes whose messages may hold row values, or the words of a user's own code: data exceptions, integrity
    /// violations, exceptions raised in PL/pgSQL.
    var mayQuoteValues: Bool { ["22", "23", "P0"].contains(classCode) }

    /// The condition's name as PostgreSQL's manual lists it, where the message may not be shown.
    var condition: String {
        let names = [
            "22001": "string_data_right_truncation", "22003": "numeric_value_out_of_range",
            "22004": "null_value_not_allowed", "22007": "invalid_datetime_format", "22008": "datetime_field_overflow",
            "22012": "division_by_zero", "22021": "character_not_in_repertoire", "22023": "invalid_parameter_value",
            "22025": "invalid_escape_sequence", "22026": "string_data_length_mismatch",
            "2202E": "array_subscript_error", "22030": "duplicate_json_object_key_value",
            "22032": "invalid_json_text", "22P01": "floating_point_exception", "22P02": "invalid_text_representation",
            "22P03": "invalid_binary_representation", "22P04": "bad_copy_file_format",
            "22P05": "untranslatable_character", "23001": "restrict_violation", "23502": "not_null_violation",
            "23503": "foreign_key_violation", "23505": "unique_violation", "23514": "check_violation",
            "23P01": "exclusion_violation", "P0001": "raise_exception", "P0002": "no_data_found",
            "P0003": "too_many_rows", "P0004": "assert_failure",
        ]
        if let name = names[rawValue] { return name }
        return switch classCode {
        case "22": "data_exception"
        case "23": "integrity_constraint_violation"
        default: "plpgsql_error"
        }
    }
}
