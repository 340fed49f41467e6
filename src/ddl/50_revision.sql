-- Published revisions of sheets.

CREATE TABLE lead_scoring.sheet_revision (
    sheet        text NOT NULL,
    revision     integer NOT NULL,
    model        lead_scoring.model NOT NULL,
    author       text NOT NULL,
    note         text,
    published_at timestamptz NOT NULL,
    PRIMARY KEY (sheet, revision)
);
COMMENT ON TABLE lead_scoring.sheet_revision IS 'Published revisions: immutable models with author, note and time. Written by publish().';
COMMENT ON COLUMN lead_scoring.sheet_revision.sheet IS 'Sheet';
COMMENT ON COLUMN lead_scoring.sheet_revision.revision IS 'Number of the revision; only grows';
COMMENT ON COLUMN lead_scoring.sheet_revision.model IS 'The compiled sheet';
COMMENT ON COLUMN lead_scoring.sheet_revision.author IS 'Role that published it';
COMMENT ON COLUMN lead_scoring.sheet_revision.note IS 'Why, for people';
COMMENT ON COLUMN lead_scoring.sheet_revision.published_at IS 'When';
