-- +goose Up
-- The log: entries, tiles and heads are evidence. They refuse UPDATE, DELETE and
-- TRUNCATE; tiles may only grow at their right end.
CREATE TABLE entries (
    seq         bigint  PRIMARY KEY,
    event_id    uuid    UNIQUE,
    kind        text    NOT NULL,
    hash        bytea   NOT NULL,
    leaf_hash   bytea   NOT NULL,
    recorded_at bigint  NOT NULL,
    entry       bytea   NOT NULL,
    body        bytea   NOT NULL
);
ALTER TABLE entries ALTER COLUMN entry SET STORAGE EXTERNAL, ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE tiles (
    level  integer NOT NULL,
    idx    bigint  NOT NULL,
    hashes bytea   NOT NULL,
    PRIMARY KEY (level, idx)
);
ALTER TABLE tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;

CREATE TABLE heads (
    size        bigint PRIMARY KEY,
    root        bytea  NOT NULL,
    recorded_at bigint NOT NULL,
    checkpoint  bytea  NOT NULL
);

-- The one row that serialises commit groups.
CREATE TABLE log_state (
    id          integer PRIMARY KEY CHECK (id = 1),
    size        bigint  NOT NULL,
    root        bytea   NOT NULL,
    recorded_at bigint  NOT NULL
);
INSERT INTO log_state VALUES (1, 0, '\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 0);

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION tiles_grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.level <> OLD.level OR NEW.idx <> OLD.idx OR length(NEW.hashes) > 8192
       OR substring(NEW.hashes FROM 1 FOR length(OLD.hashes)) <> OLD.hashes THEN
        RAISE EXCEPTION 'tiles may only grow' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION quarantine_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.hash <> OLD.hash OR NEW.body <> OLD.body OR NEW.event_id <> OLD.event_id OR NEW.received_at <> OLD.received_at THEN
        RAISE EXCEPTION 'the bytes in quarantine are kept as they came' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER entries_keep   BEFORE UPDATE OR DELETE ON entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entries_whole  BEFORE TRUNCATE ON entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER heads_keep     BEFORE UPDATE OR DELETE ON heads FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER heads_whole    BEFORE TRUNCATE ON heads FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tiles_keep     BEFORE DELETE ON tiles FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tiles_growing  BEFORE UPDATE ON tiles FOR EACH ROW EXECUTE FUNCTION tiles_grow();
CREATE TRIGGER tiles_whole    BEFORE TRUNCATE ON tiles FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Projections: caches of the fold, recreated by `liandan rebuild`.
CREATE TABLE entry_links (
    batch     uuid   NOT NULL,
    n         bigint NOT NULL,
    seq       bigint NOT NULL,
    leaf_hash bytea  NOT NULL,
    PRIMARY KEY (batch, n)
);
CREATE TABLE batches (
    id        uuid   PRIMARY KEY,
    stage     text   NOT NULL,
    custodian uuid   NOT NULL,
    site      uuid,
    manifest  uuid,
    seq       bigint NOT NULL,
    state     bytea  NOT NULL
);
CREATE TABLE manifests (
    id        uuid   PRIMARY KEY,
    stage     text   NOT NULL,
    consignor uuid   NOT NULL,
    carrier   uuid   NOT NULL,
    consignee uuid   NOT NULL,
    number    text,
    seq       bigint NOT NULL,
    state     bytea  NOT NULL
);
CREATE TABLE postings (
    seq    bigint   NOT NULL,
    line   smallint NOT NULL,
    batch  uuid     NOT NULL,
    kind   text     NOT NULL,
    party  uuid     NOT NULL,
    site   uuid,
    code   text     NOT NULL,
    method text     NOT NULL,
    grams  bigint   NOT NULL,
    PRIMARY KEY (seq, line)
);

-- What was signed but may not come next (yet).
CREATE TABLE quarantine (
    hash        bytea  PRIMARY KEY,
    event_id    uuid   NOT NULL,
    received_at bigint NOT NULL,
    kind        text   NOT NULL,
    detail      text   NOT NULL,
    state       text   NOT NULL,
    seq         bigint,
    body        bytea  NOT NULL
);
CREATE INDEX quarantine_waiting ON quarantine (received_at, hash);
CREATE TABLE quarantine_subjects (
    subject uuid  NOT NULL,
    hash    bytea NOT NULL REFERENCES quarantine (hash),
    PRIMARY KEY (subject, hash)
);
CREATE TRIGGER quarantine_keep  BEFORE DELETE ON quarantine FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER quarantine_bytes BEFORE UPDATE ON quarantine FOR EACH ROW EXECUTE FUNCTION quarantine_keeps();
CREATE TRIGGER quarantine_whole BEFORE TRUNCATE ON quarantine FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE labels (
    token      text   PRIMARY KEY,
    batch      uuid   NOT NULL,
    source     text   NOT NULL,
    made_at    bigint NOT NULL,
    revoked_at bigint
);
CREATE INDEX labels_batch ON labels (batch);

-- +goose Down
DROP TABLE labels, quarantine_subjects, quarantine, postings, manifests, batches, entry_links, log_state, heads, tiles, entries;
DROP FUNCTION quarantine_keeps, tiles_grow, refuse_change;
