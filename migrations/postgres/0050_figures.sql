-- +goose Up
-- What a site generated or had treated in a period is found by its own movements, whatever
-- the length of the log; sightings are kept for batches that were made of others only.
DROP INDEX movements_origin;
CREATE INDEX movements_origin ON movements (origin, kind, at, seq);
DROP INDEX sightings_day;
-- Blocks are of another size now: roll-ups are derived anew, by whoever asks next.
DELETE FROM rollups;
DELETE FROM sightings;
UPDATE roll_up SET upto = 0;

-- +goose Down
DELETE FROM rollups;
DELETE FROM sightings;
UPDATE roll_up SET upto = 0;
CREATE INDEX sightings_day ON sightings (day);
DROP INDEX movements_origin;
CREATE INDEX movements_origin ON movements (origin, seq);
