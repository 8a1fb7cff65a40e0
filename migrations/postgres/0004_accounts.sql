-- +goose Up
CREATE TABLE accounts_version (
    id      integer PRIMARY KEY CHECK (id = 1),
    version bigint  NOT NULL
);
INSERT INTO accounts_version VALUES (1, 1);

CREATE TABLE accounts (
    id           uuid   PRIMARY KEY,
    login        text   NOT NULL UNIQUE,
    name         text   NOT NULL,
    state        text   NOT NULL CHECK (state IN ('invited', 'active', 'disabled')),
    password     text,
    totp         bytea,
    totp_pending bytea,
    totp_step    bigint NOT NULL,
    issuer       text,
    subject      text,
    made_at      bigint NOT NULL,
    UNIQUE (issuer, subject)
);
CREATE TABLE appointments (
    id         uuid   PRIMARY KEY,
    account    uuid   NOT NULL REFERENCES accounts (id),
    n          bigint NOT NULL,
    role       text   NOT NULL,
    party      uuid,
    sites      text   NOT NULL,
    person     uuid,
    divisions  text   NOT NULL,
    valid_from bigint NOT NULL,
    valid_to   bigint,
    UNIQUE (account, n)
);
CREATE INDEX appointments_party ON appointments (party, account);
CREATE INDEX appointments_role ON appointments (role);
CREATE TABLE invitations (
    code       bytea  PRIMARY KEY,
    account    uuid   NOT NULL REFERENCES accounts (id),
    expires_at bigint NOT NULL,
    used_at    bigint
);
CREATE INDEX invitations_account ON invitations (account);
CREATE TABLE sessions (
    token      bytea   PRIMARY KEY,
    account    uuid    NOT NULL REFERENCES accounts (id),
    made_at    bigint  NOT NULL,
    seen_at    bigint  NOT NULL,
    expires_at bigint  NOT NULL,
    remember   boolean NOT NULL
);
CREATE INDEX sessions_account ON sessions (account, made_at);
CREATE TABLE recovery_codes (
    account uuid  NOT NULL REFERENCES accounts (id),
    code    bytea NOT NULL,
    PRIMARY KEY (account, code)
);
CREATE TABLE sign_in_attempts (
    key           bytea   PRIMARY KEY,
    count         integer NOT NULL,
    at            bigint  NOT NULL,
    blocked_until bigint
);
CREATE TABLE sign_in_flows (
    flow       bytea  PRIMARY KEY,
    expires_at bigint NOT NULL
);

-- +goose Down
DROP TABLE sign_in_flows, sign_in_attempts, recovery_codes, sessions, invitations, appointments, accounts, accounts_version;
