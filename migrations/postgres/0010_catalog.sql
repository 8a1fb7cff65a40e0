-- +goose Up
-- Editions of the national catalogue that were imported from the official text. Nothing
-- is changed: an edition that is imported anew gets its next revision, the highest
-- revision holds, and the older ones stay to show what was in force here before.
CREATE TABLE catalog_editions (
    edition     text    NOT NULL,
    revision    integer NOT NULL,
    valid_from  bigint  NOT NULL,
    valid_to    bigint,
    source      text    NOT NULL,
    hash        bytea   NOT NULL,
    imported_at bigint  NOT NULL,
    PRIMARY KEY (edition, revision)
);
CREATE TABLE catalog_categories (
    edition  text    NOT NULL,
    revision integer NOT NULL,
    position integer NOT NULL,
    code     text    NOT NULL,
    title    text    NOT NULL,
    PRIMARY KEY (edition, revision, position),
    FOREIGN KEY (edition, revision) REFERENCES catalog_editions (edition, revision)
);
CREATE TABLE catalog_entries (
    edition     text    NOT NULL,
    revision    integer NOT NULL,
    position    integer NOT NULL,
    code        text    NOT NULL,
    industry    text    NOT NULL,
    description text    NOT NULL,
    hazards     text    NOT NULL,
    PRIMARY KEY (edition, revision, position),
    UNIQUE (edition, revision, code),
    FOREIGN KEY (edition, revision) REFERENCES catalog_editions (edition, revision)
);
CREATE TRIGGER catalog_editions_keep    BEFORE UPDATE OR DELETE ON catalog_editions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER catalog_editions_whole   BEFORE TRUNCATE ON catalog_editions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER catalog_categories_keep  BEFORE UPDATE OR DELETE ON catalog_categories FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER catalog_categories_whole BEFORE TRUNCATE ON catalog_categories FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER catalog_entries_keep     BEFORE UPDATE OR DELETE ON catalog_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER catalog_entries_whole    BEFORE TRUNCATE ON catalog_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE catalog_entries, catalog_categories, catalog_editions;
