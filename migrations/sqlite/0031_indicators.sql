-- +goose Up
-- Movements are the postings that indicators count, with when and where; inspections say
-- which entries are such; both are projections of the log. Register facts are statements,
-- found by an index.
CREATE TABLE movements (
    seq    INTEGER NOT NULL,
    line   INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    kind   TEXT    NOT NULL,
    batch  TEXT    NOT NULL,
    origin TEXT    NOT NULL,
    site   TEXT,
    code   TEXT    NOT NULL,
    method TEXT    NOT NULL,
    grams  INTEGER NOT NULL,
    mixed  INTEGER NOT NULL,
    PRIMARY KEY (seq, line)
) WITHOUT ROWID;
CREATE INDEX movements_origin ON movements (origin, seq);
CREATE INDEX movements_plant ON movements (site, seq) WHERE kind IN ('treated', 'residue');
CREATE INDEX movements_taken ON movements (batch) WHERE kind = 'collected';
CREATE INDEX movements_at ON movements (at, seq, line);
CREATE TABLE inspections (seq INTEGER PRIMARY KEY);
CREATE INDEX entries_facts ON entries (seq) WHERE kind = 'fact';

-- Roll-ups by blocks of the log, derived up to a watermark. A block of a level is added
-- to while the log fills it and never changes after; level 0 keeps days, the others months.
CREATE TABLE rollups (
    level    INTEGER NOT NULL,
    block    INTEGER NOT NULL,
    division TEXT    NOT NULL,
    day      INTEGER NOT NULL,
    built_up INTEGER NOT NULL,
    sector   TEXT    NOT NULL,
    plant_at TEXT    NOT NULL,
    licensed INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    code     TEXT    NOT NULL,
    method   TEXT    NOT NULL,
    grams    INTEGER NOT NULL,
    PRIMARY KEY (level, block, division, day, built_up, sector, plant_at, licensed, kind, code, method)
) WITHOUT ROWID;
CREATE INDEX rollups_day ON rollups (day, division) WHERE level = 0;
CREATE TABLE sightings (
    site      TEXT    NOT NULL,
    what      TEXT    NOT NULL,
    day       INTEGER NOT NULL,
    collected INTEGER NOT NULL,
    plant     TEXT    NOT NULL,
    code      TEXT    NOT NULL,
    method    TEXT    NOT NULL,
    seq       INTEGER NOT NULL,
    PRIMARY KEY (site, what, day, collected, plant, code, method)
) WITHOUT ROWID;
CREATE INDEX sightings_day ON sightings (day);
CREATE TABLE roll_up (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    upto INTEGER NOT NULL
);
INSERT INTO roll_up VALUES (1, 0);

-- The newest of every register fact, for those who change them. The history is in the log.
CREATE TABLE register_facts (
    key  TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    fact BLOB NOT NULL
);

-- +goose Down
DROP TABLE register_facts;
DROP TABLE roll_up;
DROP TABLE sightings;
DROP TABLE rollups;
DROP INDEX entries_facts;
DROP TABLE inspections;
DROP TABLE movements;
