-- +goose Up
-- What each event is, where and when: a projection, recreated by `liandan rebuild`. It finds
-- events that belong to no batch, and the manifests of a site or a trip.
CREATE TABLE event_index (
    seq            INTEGER PRIMARY KEY,
    type           TEXT NOT NULL,
    party          TEXT NOT NULL,
    site           TEXT NOT NULL,
    manifest       TEXT,
    trip           TEXT,
    consignor_site TEXT,
    at             INTEGER NOT NULL
);
CREATE INDEX event_index_site ON event_index (site, type, at);
CREATE INDEX event_index_consignor ON event_index (consignor_site, type, at) WHERE consignor_site IS NOT NULL;
CREATE INDEX event_index_trip ON event_index (trip) WHERE trip IS NOT NULL;

-- +goose Down
DROP TABLE event_index;
