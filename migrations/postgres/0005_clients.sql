-- +goose Up
CREATE TABLE clients (
    id          uuid    PRIMARY KEY,
    name        text    NOT NULL,
    scopes      text    NOT NULL,
    per_minute  integer NOT NULL,
    made_at     bigint  NOT NULL,
    disabled_at bigint
);
CREATE TABLE client_secrets (
    id         uuid   PRIMARY KEY,
    client     uuid   NOT NULL REFERENCES clients (id),
    hash       bytea  NOT NULL UNIQUE,
    made_at    bigint NOT NULL,
    expires_at bigint NOT NULL,
    revoked_at bigint
);
CREATE INDEX client_secrets_client ON client_secrets (client);
CREATE TABLE client_tokens (
    hash       bytea  PRIMARY KEY,
    client     uuid   NOT NULL REFERENCES clients (id),
    secret     uuid   NOT NULL REFERENCES client_secrets (id),
    scopes     text   NOT NULL,
    made_at    bigint NOT NULL,
    expires_at bigint NOT NULL
);
CREATE INDEX client_tokens_client ON client_tokens (client, made_at);
CREATE INDEX client_tokens_expires ON client_tokens (expires_at);
CREATE TABLE client_grants (
    id         uuid   PRIMARY KEY,
    client     uuid   NOT NULL REFERENCES clients (id),
    party      uuid   NOT NULL REFERENCES organisations (id),
    scopes     text   NOT NULL,
    granted_at bigint NOT NULL,
    ended_at   bigint
);
-- One that holds for each pair; also how a token's grants are found.
CREATE UNIQUE INDEX client_grants_held ON client_grants (client, party) WHERE ended_at IS NULL;
CREATE INDEX client_grants_party ON client_grants (party);

-- +goose Down
DROP TABLE client_grants, client_tokens, client_secrets, clients;
