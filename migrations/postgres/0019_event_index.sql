-- +goose Up
-- What each event is, where and when: a projection, recreated by `liandan rebuild`. It finds
-- events that belong to no batch, and the manifests of a site or a trip.
CREATE TABLE event_index (
    seq            bigint PRIMARY KEY,
    type           text NOT NULL,
    party          uuid NOT NULL,
    site           uuid NOT NULL,
    manifest       uuid,
    trip           uuid,
    consignor_site uuid,
    at             bigint NOT NULL
);
CREATE INDEX event_index_site ON event_index (site, type, at);
CREATE INDEX event_index_consignor ON event_index (consignor_site, type, at) WHERE consignor_site IS NOT NULL;
CREATE INDEX event_index_trip ON event_index (trip) WHERE trip IS NOT NULL;

-- +goose Down
DROP TABLE event_index;
