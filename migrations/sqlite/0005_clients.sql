-- +goose Up
CREATE TABLE clients (
    id          TEXT    PRIMARY KEY,
    name        TEXT    NOT NULL,
    scopes      TEXT    NOT NULL,
    per_minute  INTEGER NOT NULL,
    made_at     INTEGER  NOT NULL,
    disabled_at INTEGER
);
CREATE TABLE client_secrets (
    id         TEXT   PRIMARY KEY,
    client     TEXT   NOT NULL REFERENCES clients (id),
    hash       BLOB  NOT NULL UNIQUE,
    made_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
);
CREATE INDEX client_secrets_client ON client_secrets (client);
CREATE TABLE client_tokens (
    hash       BLOB  PRIMARY KEY,
    client     TEXT   NOT NULL REFERENCES clients (id),
    secret     TEXT   NOT NULL REFERENCES client_secrets (id),
    scopes     TEXT   NOT NULL,
    made_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
);
CREATE INDEX client_tokens_client ON client_tokens (client, made_at);
CREATE INDEX client_tokens_expires ON client_tokens (expires_at);
CREATE TABLE client_grants (
    id         TEXT   PRIMARY KEY,
    client     TEXT   NOT NULL REFERENCES clients (id),
    party      TEXT   NOT NULL REFERENCES organisations (id),
    scopes     TEXT   NOT NULL,
    granted_at INTEGER NOT NULL,
    ended_at   INTEGER
);
-- One that holds for each pair; also how a token's grants are found.
CREATE UNIQUE INDEX client_grants_held ON client_grants (client, party) WHERE ended_at IS NULL;
CREATE INDEX client_grants_party ON client_grants (party);

-- +goose Down
DROP TABLE client_grants;
DROP TABLE client_tokens;
DROP TABLE client_secrets;
DROP TABLE clients;
