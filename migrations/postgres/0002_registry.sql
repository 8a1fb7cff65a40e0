-- +goose Up
CREATE TABLE registry_version (
    id      integer PRIMARY KEY CHECK (id = 1),
    version bigint  NOT NULL
);
INSERT INTO registry_version VALUES (1, 1);

CREATE TABLE organisations (
    id          uuid    PRIMARY KEY,
    credit_code text    NOT NULL UNIQUE,
    name        text    NOT NULL,
    roles       text    NOT NULL,
    sample      boolean NOT NULL,
    valid_from  bigint  NOT NULL,
    valid_to    bigint
);
CREATE TABLE sites (
    id         uuid    PRIMARY KEY,
    party      uuid    NOT NULL REFERENCES organisations (id),
    name       text    NOT NULL,
    kind       text    NOT NULL,
    division   text    NOT NULL,
    built_up   boolean NOT NULL,
    beds       integer NOT NULL,
    valid_from bigint  NOT NULL,
    valid_to   bigint
);
CREATE INDEX sites_party ON sites (party);
CREATE TABLE licences (
    number     text   NOT NULL,
    party      uuid   NOT NULL REFERENCES organisations (id),
    site       uuid   REFERENCES sites (id),
    kind       text   NOT NULL,
    codes      text   NOT NULL,
    methods    text   NOT NULL,
    valid_from bigint NOT NULL,
    valid_to   bigint,
    PRIMARY KEY (party, number, valid_from)
);
CREATE TABLE people (
    id         uuid   PRIMARY KEY,
    party      uuid   NOT NULL REFERENCES organisations (id),
    valid_from bigint NOT NULL,
    valid_to   bigint
);
CREATE TABLE device_keys (
    kid        text   PRIMARY KEY,
    party      uuid   NOT NULL REFERENCES organisations (id),
    person     uuid   NOT NULL REFERENCES people (id),
    device     text   NOT NULL,
    jwk        bytea  NOT NULL,
    valid_from bigint NOT NULL,
    valid_to   bigint,
    revoked_at bigint,
    reason     text
);
CREATE TABLE enrolments (
    code_hash    bytea   PRIMARY KEY,
    party        uuid    NOT NULL REFERENCES organisations (id),
    person       uuid    NOT NULL REFERENCES people (id),
    device       text    NOT NULL,
    valid_days   integer NOT NULL,
    expires_at   bigint  NOT NULL,
    attempts     integer NOT NULL,
    challenge    text,
    challenge_expires_at bigint,
    jwk          bytea,
    used_at      bigint
);
CREATE UNIQUE INDEX enrolments_challenge ON enrolments (challenge);
CREATE TABLE tokens (
    hash       bytea  PRIMARY KEY,
    party      uuid   REFERENCES organisations (id),
    name       text   NOT NULL,
    made_at    bigint NOT NULL,
    expires_at bigint
);

-- +goose Down
DROP TABLE tokens, enrolments, device_keys, people, licences, sites, organisations, registry_version;
