-- +goose Up
-- Bookings and trips as they are meant: operational records, unsigned and no evidence. What
-- was collected stands in the log.
CREATE TABLE bookings (
    id           uuid PRIMARY KEY,
    party        uuid NOT NULL,
    site         uuid NOT NULL,
    collector    uuid NOT NULL,
    made_by      text NOT NULL,
    why          text NOT NULL,
    from_at      bigint NOT NULL,
    until_at     bigint NOT NULL,
    lines        text NOT NULL,
    note         text NOT NULL,
    made_at      bigint NOT NULL,
    withdrawn_at bigint,
    withdrawn_as text NOT NULL,
    trip         uuid,
    version      bigint NOT NULL
);
CREATE INDEX bookings_site ON bookings (site, id);
CREATE INDEX bookings_party ON bookings (party, id);
CREATE INDEX bookings_collector ON bookings (collector, id);
CREATE TABLE trip_plans (
    id           uuid PRIMARY KEY,
    collector    uuid NOT NULL,
    vehicle      text NOT NULL,
    driver       uuid NOT NULL,
    day          text NOT NULL,
    note         text NOT NULL,
    made_at      bigint NOT NULL,
    changed_at   bigint NOT NULL,
    cancelled_at bigint,
    cancelled_as text NOT NULL,
    version      bigint NOT NULL
);
CREATE INDEX trip_plans_collector ON trip_plans (collector, day, id);
CREATE INDEX trip_plans_driver ON trip_plans (driver, day, id);
CREATE TABLE trip_stops (
    trip    uuid NOT NULL REFERENCES trip_plans (id),
    n       bigint NOT NULL,
    site    uuid NOT NULL,
    booking uuid REFERENCES bookings (id),
    PRIMARY KEY (trip, n),
    UNIQUE (trip, site)
);

-- +goose Down
DROP TABLE trip_stops;
DROP TABLE trip_plans;
DROP TABLE bookings;
