-- +goose Up
-- The states hold more: rooms, stores, containers. `liandan migrate` recreates them from
-- the log. box is the number of a turnover box, for the question whether it was empty.
ALTER TABLE batches ADD COLUMN box TEXT;
CREATE INDEX batches_box ON batches (box, seq) WHERE box IS NOT NULL;
CREATE INDEX batches_site ON batches (site, stage);

-- +goose Down
DROP INDEX batches_site;
DROP INDEX batches_box;
ALTER TABLE batches DROP COLUMN box;
