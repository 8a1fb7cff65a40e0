-- +goose Up
-- The lists from which sites and inspectors are drawn, by the hash that an announcement in
-- the log names. They are evidence: nothing is changed or taken away.
CREATE TABLE sample_lists (
    hash    BLOB    PRIMARY KEY,
    body    BLOB    NOT NULL,
    made_at INTEGER NOT NULL
);
CREATE INDEX event_index_samples ON event_index (seq) WHERE type = 'sample.drawn';
-- +goose StatementBegin
CREATE TRIGGER sample_lists_no_update BEFORE UPDATE ON sample_lists BEGIN
    SELECT RAISE(ABORT, 'sample_lists is append-only: UPDATE is refused');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER sample_lists_no_delete BEFORE DELETE ON sample_lists BEGIN
    SELECT RAISE(ABORT, 'sample_lists is append-only: DELETE is refused');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER sample_lists_no_replace BEFORE INSERT ON sample_lists
WHEN EXISTS (SELECT 1 FROM sample_lists WHERE hash = NEW.hash OR rowid = NEW.rowid) BEGIN
    SELECT CASE WHEN EXISTS (SELECT 1 FROM sample_lists WHERE hash = NEW.hash AND body = NEW.body)
        THEN RAISE(IGNORE)
        ELSE RAISE(ABORT, 'sample_lists is append-only: REPLACE is refused') END;
END;
-- +goose StatementEnd

-- +goose Down
DROP INDEX event_index_samples;
DROP TABLE sample_lists;
