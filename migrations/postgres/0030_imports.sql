-- +goose Up
-- Records of the past, as somebody's spreadsheet had them: nobody signed them, and they are
-- kept apart from everything that was signed. What answers for them is the statement in the
-- log whose hash they name. They refuse UPDATE, DELETE and TRUNCATE.
CREATE TABLE imports (
    hash bytea  PRIMARY KEY,
    at   bigint NOT NULL,
    body bytea  NOT NULL
);
CREATE TABLE imported_records (
    import     bytea  NOT NULL REFERENCES imports (hash),
    line       bigint NOT NULL,
    record_key bytea  NOT NULL UNIQUE,
    party      uuid   NOT NULL,
    site       uuid   NOT NULL,
    kind       text   NOT NULL,
    day        text   NOT NULL,
    number     text   NOT NULL,
    code       text   NOT NULL,
    grams      bigint NOT NULL,
    body       bytea  NOT NULL,
    PRIMARY KEY (import, line)
);
CREATE INDEX imported_records_site ON imported_records (site, kind, day);

CREATE TRIGGER imports_keep   BEFORE UPDATE OR DELETE ON imports FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER imports_whole  BEFORE TRUNCATE ON imports FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER imported_records_keep  BEFORE UPDATE OR DELETE ON imported_records FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER imported_records_whole BEFORE TRUNCATE ON imported_records FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE imported_records;
DROP TABLE imports;
