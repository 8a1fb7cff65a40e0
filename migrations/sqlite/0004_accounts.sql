-- +goose Up
CREATE TABLE accounts_version (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER  NOT NULL
);
INSERT INTO accounts_version VALUES (1, 1);

CREATE TABLE accounts (
    id           TEXT   PRIMARY KEY,
    login        TEXT   NOT NULL UNIQUE,
    name         TEXT   NOT NULL,
    state        TEXT   NOT NULL CHECK (state IN ('invited', 'active', 'disabled')),
    password     TEXT,
    totp         BLOB,
    totp_pending BLOB,
    totp_step    INTEGER NOT NULL,
    issuer       TEXT,
    subject      TEXT,
    made_at      INTEGER NOT NULL,
    UNIQUE (issuer, subject)
);
CREATE TABLE appointments (
    id         TEXT   PRIMARY KEY,
    account    TEXT   NOT NULL REFERENCES accounts (id),
    n          INTEGER NOT NULL,
    role       TEXT   NOT NULL,
    party      TEXT,
    sites      TEXT   NOT NULL,
    person     TEXT,
    divisions  TEXT   NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to   INTEGER,
    UNIQUE (account, n)
);
CREATE INDEX appointments_party ON appointments (party, account);
CREATE INDEX appointments_role ON appointments (role);
CREATE TABLE invitations (
    code       BLOB  PRIMARY KEY,
    account    TEXT   NOT NULL REFERENCES accounts (id),
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
);
CREATE INDEX invitations_account ON invitations (account);
CREATE TABLE sessions (
    token      BLOB   PRIMARY KEY,
    account    TEXT    NOT NULL REFERENCES accounts (id),
    made_at    INTEGER  NOT NULL,
    seen_at    INTEGER  NOT NULL,
    expires_at INTEGER  NOT NULL,
    remember   INTEGER NOT NULL
);
CREATE INDEX sessions_account ON sessions (account, made_at);
CREATE TABLE recovery_codes (
    account TEXT  NOT NULL REFERENCES accounts (id),
    code    BLOB NOT NULL,
    PRIMARY KEY (account, code)
);
CREATE TABLE sign_in_attempts (
    key           BLOB   PRIMARY KEY,
    count         INTEGER NOT NULL,
    at            INTEGER  NOT NULL,
    blocked_until INTEGER
);
CREATE TABLE sign_in_flows (
    flow       BLOB  PRIMARY KEY,
    expires_at INTEGER NOT NULL
);

-- +goose Down
DROP TABLE sign_in_flows;
DROP TABLE sign_in_attempts;
DROP TABLE recovery_codes;
DROP TABLE sessions;
DROP TABLE invitations;
DROP TABLE appointments;
DROP TABLE accounts;
DROP TABLE accounts_version;
