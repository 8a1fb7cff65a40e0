-- +goose Up
-- Scans of slips that were signed on paper, by the hash that a back-filled slip carries in the
-- log. They are evidence: nothing is changed or taken away.
CREATE TABLE scans (
    hash     bytea  PRIMARY KEY,
    type     text   NOT NULL,
    body     bytea  NOT NULL,
    added_at bigint NOT NULL
);
CREATE TRIGGER scans_no_change BEFORE UPDATE OR DELETE ON scans FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER scans_no_truncate BEFORE TRUNCATE ON scans FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE scans;
