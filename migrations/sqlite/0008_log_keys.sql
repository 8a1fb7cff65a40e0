-- +goose Up
-- The successions of the log's key are a handful of entries among millions, and are read
-- whenever an evidence file is made. An index and not a projection: there is nothing in
-- it that could say something else than the log.
CREATE INDEX entries_log_key ON entries (seq) WHERE kind = 'log-key';

-- +goose Down
DROP INDEX entries_log_key;
