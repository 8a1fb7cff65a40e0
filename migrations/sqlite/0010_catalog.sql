-- +goose Up
-- Editions of the national catalogue that were imported from the official text. Nothing
-- is changed: an edition that is imported anew gets its next revision, the highest
-- revision holds, and the older ones stay to show what was in force here before.
CREATE TABLE catalog_editions (
    edition     TEXT    NOT NULL,
    revision    INTEGER NOT NULL,
    valid_from  INTEGER NOT NULL,
    valid_to    INTEGER,
    source      TEXT    NOT NULL,
    hash        BLOB    NOT NULL,
    imported_at INTEGER NOT NULL,
    PRIMARY KEY (edition, revision)
);
CREATE TABLE catalog_categories (
    edition  TEXT    NOT NULL,
    revision INTEGER NOT NULL,
    position INTEGER NOT NULL,
    code     TEXT    NOT NULL,
    title    TEXT    NOT NULL,
    PRIMARY KEY (edition, revision, position),
    FOREIGN KEY (edition, revision) REFERENCES catalog_editions (edition, revision)
);
CREATE TABLE catalog_entries (
    edition     TEXT    NOT NULL,
    revision    INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    code        TEXT    NOT NULL,
    industry    TEXT    NOT NULL,
    description TEXT    NOT NULL,
    hazards     TEXT    NOT NULL,
    PRIMARY KEY (edition, revision, position),
    UNIQUE (edition, revision, code),
    FOREIGN KEY (edition, revision) REFERENCES catalog_editions (edition, revision)
);
-- +goose StatementBegin
CREATE TRIGGER catalog_editions_no_update BEFORE UPDATE ON catalog_editions BEGIN
    SELECT RAISE(ABORT, 'catalog_editions is append-only: UPDATE is refused');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER catalog_editions_no_delete BEFORE DELETE ON catalog_editions BEGIN
    SELECT RAISE(ABORT, 'catalog_editions is append-only: DELETE is refused');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER catalog_categories_no_update BEFORE UPDATE ON catalog_categories BEGIN
    SELECT RAISE(ABORT, 'catalog_categories is append-only: UPDATE is refused');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER catalog_categories_no_delete BEFORE DELETE ON catalog_categories BEGIN
    SELECT RAISE(ABORT, 'catalog_categories is append-only: DELETE is refused');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER catalog_entries_no_update BEFORE UPDATE ON catalog_entries BEGIN
    SELECT RAISE(ABORT, 'catalog_entries is append-only: UPDATE is refused');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER catalog_entries_no_delete BEFORE DELETE ON catalog_entries BEGIN
    SELECT RAISE(ABORT, 'catalog_entries is append-only: DELETE is refused');
END;
-- +goose StatementEnd
-- INSERT OR REPLACE deletes without asking the triggers above.
-- +goose StatementBegin
CREATE TRIGGER catalog_editions_no_replace BEFORE INSERT ON catalog_editions
WHEN EXISTS (SELECT 1 FROM catalog_editions WHERE edition = NEW.edition AND revision = NEW.revision) BEGIN
    SELECT RAISE(ABORT, 'catalog_editions is append-only: the row is there already');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER catalog_categories_no_replace BEFORE INSERT ON catalog_categories
WHEN EXISTS (SELECT 1 FROM catalog_categories WHERE edition = NEW.edition AND revision = NEW.revision AND position = NEW.position) BEGIN
    SELECT RAISE(ABORT, 'catalog_categories is append-only: the row is there already');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER catalog_entries_no_replace BEFORE INSERT ON catalog_entries
WHEN EXISTS (SELECT 1 FROM catalog_entries WHERE edition = NEW.edition AND revision = NEW.revision AND (position = NEW.position OR code = NEW.code)) BEGIN
    SELECT RAISE(ABORT, 'catalog_entries is append-only: the row is there already');
END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE catalog_entries;
DROP TABLE catalog_categories;
DROP TABLE catalog_editions;
