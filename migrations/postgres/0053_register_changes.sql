-- +goose Up
-- What each import made each row of the registers say, when and by whom: nothing is changed
-- or taken away. Rows from before this table have no history until they change.
CREATE TABLE register_changes (
    seq   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    party text   NOT NULL,
    kind  text   NOT NULL,
    key   text   NOT NULL,
    at    bigint NOT NULL,
    by_id text   NOT NULL,
    cells text   NOT NULL
);
CREATE INDEX register_changes_party ON register_changes (party, seq);
CREATE TRIGGER register_changes_no_change BEFORE UPDATE OR DELETE ON register_changes FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER register_changes_no_truncate BEFORE TRUNCATE ON register_changes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A file that was tried and waits to be applied: one of each person, for a day at most.
CREATE TABLE register_uploads (
    by_id   text   PRIMARY KEY,
    id      text   NOT NULL,
    kind    text   NOT NULL,
    body    bytea  NOT NULL,
    made_at bigint NOT NULL
);

-- +goose Down
DROP TABLE register_uploads;
DROP TABLE register_changes;
