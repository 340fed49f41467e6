#!/bin/sh
# preset_sql.sh FILE.json ...: the piece of the install script that brings the sheets of examples/sheets along.
set -eu

tag='$preset$'
echo
echo '-- Ready-made sheets, from examples/sheets.'
echo 'CREATE VIEW lead_scoring.preset (name, document) AS VALUES'
separator='   '
for file in "$@"; do
  name=$(basename "$file" .json)
  case $name in *[!a-z0-9_]*) echo "$file: a preset's name is made of a-z, 0-9 and _" >&2; exit 1 ;; esac
  ! grep -qF "$tag" "$file" || { echo "$file: contains $tag" >&2; exit 1; }
  printf "%s ('%s', %s" "$separator" "$name" "$tag"
  cat "$file"
  printf '%s::jsonb)\n' "$tag"
  separator='   ,'
done
cat << 'END'
;
COMMENT ON VIEW lead_scoring.preset IS 'Ready-made sheet documents to start from; see import_sheet() and preset().';
COMMENT ON COLUMN lead_scoring.preset.name IS 'Name of the preset';
COMMENT ON COLUMN lead_scoring.preset.document IS 'The sheet as a document';
GRANT SELECT ON lead_scoring.preset TO PUBLIC;
END
