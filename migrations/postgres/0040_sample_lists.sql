-- +goose Up
-- The lists from which sites and inspectors are drawn, by the hash that an announcement in
-- the log names. They are evidence: nothing is changed or taken away.
CREATE TABLE sample_lists (
    hash    bytea  PRIMARY KEY,
    body    bytea  NOT NULL,
    made_at bigint NOT NULL
);
CREATE INDEX event_index_samples ON event_index (seq) WHERE type = 'sample.drawn';
CREATE TRIGGER sample_lists_no_change BEFORE UPDATE OR DELETE ON sample_lists FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER sample_lists_no_truncate BEFORE TRUNCATE ON sample_lists FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP INDEX event_index_samples;
DROP TABLE sample_lists;
