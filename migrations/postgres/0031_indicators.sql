-- +goose Up
-- Movements are the postings that indicators count, with when and where; inspections say
-- which entries are such; both are projections of the log. Register facts are statements,
-- found by an index.
CREATE TABLE movements (
    seq BIGINT NOT NULL,
    line BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind   TEXT    NOT NULL,
    batch  UUID    NOT NULL,
    origin UUID    NOT NULL,
    site   UUID,
    code   TEXT    NOT NULL,
    method TEXT    NOT NULL,
    grams BIGINT NOT NULL,
    mixed BIGINT NOT NULL,
    PRIMARY KEY (seq, line)
);
CREATE INDEX movements_origin ON movements (origin, seq);
CREATE INDEX movements_plant ON movements (site, seq) WHERE kind IN ('treated', 'residue');
CREATE INDEX movements_taken ON movements (batch) WHERE kind = 'collected';
CREATE INDEX movements_at ON movements (at, seq, line);
CREATE TABLE inspections (seq BIGINT PRIMARY KEY);
CREATE INDEX entries_facts ON entries (seq) WHERE kind = 'fact';

-- Roll-ups by blocks of the log, derived up to a watermark. A block of a level is added
-- to while the log fills it and never changes after; level 0 keeps days, the others months.
CREATE TABLE rollups (
    level BIGINT NOT NULL,
    block BIGINT NOT NULL,
    division TEXT    NOT NULL,
    day BIGINT NOT NULL,
    built_up BIGINT NOT NULL,
    sector   TEXT    NOT NULL,
    plant_at TEXT    NOT NULL,
    licensed BIGINT NOT NULL,
    kind     TEXT    NOT NULL,
    code     TEXT    NOT NULL,
    method   TEXT    NOT NULL,
    grams BIGINT NOT NULL,
    PRIMARY KEY (level, block, division, day, built_up, sector, plant_at, licensed, kind, code, method)
);
CREATE INDEX rollups_day ON rollups (day, division) WHERE level = 0;
CREATE TABLE sightings (
    site      TEXT    NOT NULL,
    what      TEXT    NOT NULL,
    day BIGINT NOT NULL,
    collected BIGINT NOT NULL,
    plant     TEXT    NOT NULL,
    code      TEXT    NOT NULL,
    method    TEXT    NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (site, what, day, collected, plant, code, method)
);
CREATE INDEX sightings_day ON sightings (day);
CREATE TABLE roll_up (
    id   BIGINT PRIMARY KEY CHECK (id = 1),
    upto BIGINT NOT NULL
);
INSERT INTO roll_up VALUES (1, 0);

-- The newest of every register fact, for those who change them. The history is in the log.
CREATE TABLE register_facts (
    key  TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    fact BYTEA NOT NULL
);

-- +goose Down
DROP TABLE register_facts;
DROP TABLE roll_up;
DROP TABLE sightings;
DROP TABLE rollups;
DROP INDEX entries_facts;
DROP TABLE inspections;
DROP TABLE movements;
