-- +goose Up
CREATE TABLE registry_version (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER  NOT NULL
);
INSERT INTO registry_version VALUES (1, 1);

CREATE TABLE organisations (
    id          TEXT    PRIMARY KEY,
    credit_code TEXT    NOT NULL UNIQUE,
    name        TEXT    NOT NULL,
    roles       TEXT    NOT NULL,
    sample      INTEGER NOT NULL,
    valid_from  INTEGER  NOT NULL,
    valid_to    INTEGER
);
CREATE TABLE sites (
    id         TEXT    PRIMARY KEY,
    party      TEXT    NOT NULL REFERENCES organisations (id),
    name       TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    division   TEXT    NOT NULL,
    built_up   INTEGER NOT NULL,
    beds       INTEGER NOT NULL,
    valid_from INTEGER  NOT NULL,
    valid_to   INTEGER
);
CREATE INDEX sites_party ON sites (party);
CREATE TABLE licences (
    number     TEXT   NOT NULL,
    party      TEXT   NOT NULL REFERENCES organisations (id),
    site       TEXT   REFERENCES sites (id),
    kind       TEXT   NOT NULL,
    codes      TEXT   NOT NULL,
    methods    TEXT   NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to   INTEGER,
    PRIMARY KEY (party, number, valid_from)
);
CREATE TABLE people (
    id         TEXT   PRIMARY KEY,
    party      TEXT   NOT NULL REFERENCES organisations (id),
    valid_from INTEGER NOT NULL,
    valid_to   INTEGER
);
CREATE TABLE device_keys (
    kid        TEXT   PRIMARY KEY,
    party      TEXT   NOT NULL REFERENCES organisations (id),
    person     TEXT   NOT NULL REFERENCES people (id),
    device     TEXT   NOT NULL,
    jwk        BLOB  NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to   INTEGER,
    revoked_at INTEGER,
    reason     TEXT
);
CREATE TABLE enrolments (
    code_hash    BLOB   PRIMARY KEY,
    party        TEXT    NOT NULL REFERENCES organisations (id),
    person       TEXT    NOT NULL REFERENCES people (id),
    device       TEXT    NOT NULL,
    valid_days   INTEGER NOT NULL,
    expires_at   INTEGER  NOT NULL,
    attempts     INTEGER NOT NULL,
    challenge    TEXT,
    challenge_expires_at INTEGER,
    jwk          BLOB,
    used_at      INTEGER
);
CREATE UNIQUE INDEX enrolments_challenge ON enrolments (challenge);
CREATE TABLE tokens (
    hash       BLOB  PRIMARY KEY,
    party      TEXT   REFERENCES organisations (id),
    name       TEXT   NOT NULL,
    made_at    INTEGER NOT NULL,
    expires_at INTEGER
);

-- +goose Down
DROP TABLE tokens;
DROP TABLE enrolments;
DROP TABLE device_keys;
DROP TABLE people;
DROP TABLE licences;
DROP TABLE sites;
DROP TABLE organisations;
DROP TABLE registry_version;
