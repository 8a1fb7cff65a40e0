-- +goose Up
-- Bookings and trips as they are meant: operational records, unsigned and no evidence. What
-- was collected stands in the log.
CREATE TABLE bookings (
    id           TEXT PRIMARY KEY,
    party        TEXT NOT NULL,
    site         TEXT NOT NULL,
    collector    TEXT NOT NULL,
    made_by      TEXT NOT NULL,
    why          TEXT NOT NULL,
    from_at      INTEGER NOT NULL,
    until_at     INTEGER NOT NULL,
    lines        TEXT NOT NULL,
    note         TEXT NOT NULL,
    made_at      INTEGER NOT NULL,
    withdrawn_at INTEGER,
    withdrawn_as TEXT NOT NULL,
    trip         TEXT,
    version      INTEGER NOT NULL
);
CREATE INDEX bookings_site ON bookings (site, id);
CREATE INDEX bookings_party ON bookings (party, id);
CREATE INDEX bookings_collector ON bookings (collector, id);
CREATE TABLE trip_plans (
    id           TEXT PRIMARY KEY,
    collector    TEXT NOT NULL,
    vehicle      TEXT NOT NULL,
    driver       TEXT NOT NULL,
    day          TEXT NOT NULL,
    note         TEXT NOT NULL,
    made_at      INTEGER NOT NULL,
    changed_at   INTEGER NOT NULL,
    cancelled_at INTEGER,
    cancelled_as TEXT NOT NULL,
    version      INTEGER NOT NULL
);
CREATE INDEX trip_plans_collector ON trip_plans (collector, day, id);
CREATE INDEX trip_plans_driver ON trip_plans (driver, day, id);
CREATE TABLE trip_stops (
    trip    TEXT NOT NULL REFERENCES trip_plans (id),
    n       INTEGER NOT NULL,
    site    TEXT NOT NULL,
    booking TEXT REFERENCES bookings (id),
    PRIMARY KEY (trip, n),
    UNIQUE (trip, site)
);

-- +goose Down
DROP TABLE trip_stops;
DROP TABLE trip_plans;
DROP TABLE bookings;
