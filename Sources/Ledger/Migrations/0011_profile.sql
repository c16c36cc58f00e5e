-- What an entity's rows looked like, each time that somebody had them profiled: what later loads are compared with.

CREATE TABLE tidegate.profile (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    entity_id integer NOT NULL REFERENCES tidegate.entity,
    wave text,
    taken_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    rows_estimated bigint NOT NULL,
    rows_looked bigint NOT NULL,
    is_sample boolean NOT NULL
);
CREATE INDEX profile_newest ON tidegate.profile (entity_id, wave, taken_at DESC);
COMMENT ON TABLE tidegate.profile IS 'Profiles of the source''s rows. They hold counts and rounded bounds, never a row''s value.';
COMMENT ON COLUMN tidegate.profile.wave IS 'The wave whose rows were looked at; null: all rows of the entity.';
COMMENT ON COLUMN tidegate.profile.rows_estimated IS 'Rows there are, as the source''s statistics or the sample say.';
COMMENT ON COLUMN tidegate.profile.rows_looked IS 'Rows that were looked at.';

CREATE TABLE tidegate.profile_value (
    profile_id bigint NOT NULL REFERENCES tidegate.profile ON DELETE CASCADE,
    origin text NOT NULL CHECK (origin IN ('column', 'field')),
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('number', 'time', 'text', 'label', 'other')),
    rows bigint NOT NULL,
    nulls bigint NOT NULL,
    distinct_values bigint NOT NULL,
    distinct_in_table bigint,
    deciles float8[] NOT NULL,
    lengths float8[] NOT NULL,
    PRIMARY KEY (profile_id, origin, name)
);
COMMENT ON TABLE tidegate.profile_value IS 'What was counted of each source column, and of each target column as the mapping makes it.';
COMMENT ON COLUMN tidegate.profile_value.origin IS 'column: of the source; field: of the target, made of a sample by the mapping.';
COMMENT ON COLUMN tidegate.profile_value.kind IS 'time: in seconds since 1970.';
COMMENT ON COLUMN tidegate.profile_value.distinct_values IS 'Different values among the rows that were looked at.';
COMMENT ON COLUMN tidegate.profile_value.distinct_in_table IS 'As the source''s statistics guess for the table as a whole.';
COMMENT ON COLUMN tidegate.profile_value.deciles IS
    'Least value, nine deciles, greatest value of the finite ones, outward to two digits; empty for what is no number or time.';
COMMENT ON COLUMN tidegate.profile_value.lengths IS 'The same of the lengths of texts in characters, of other values as text.';
