# pgbench scripts that insert one event, as an application would: a prepared INSERT, now, for a Zipf-like lead.
# shellcheck shell=bash

# insert_script FILE SCHEMA TYPE AMOUNT PAGE PROPERTIES [LEAD]
insert_script() {
  local zipf="1 + int(pow(1 + random(0, 999999999) / 1000000000.0 * (pow($LEADS, 0.4) - 1), 2.5)) * 48271 % $LEADS"
  cat > "$1" <<END
\set lead ${7:-$zipf}
\set n random(0, 199)
INSERT INTO $2.event (lead, occurred_at, type, amount, page, properties) VALUES (:lead, now(), '$3', $4, $5, '$6');
END
}

# insert_scripts SCHEMA: pgbench's -f arguments, the types as often as in the data.
insert_scripts() {
  local dir=$work/$1 type share amount page properties
  mkdir -p "$dir"
  while IFS=';' read -r type share amount page properties; do
    insert_script "$dir/$type$share.sql" "$1" "$type" "$amount" "$page" "$properties"
    printf '%s\n' -f "$dir/$type$share.sql@$share"
  done <<'END'
page_view;378;NULL;'/products/' || :n;{"device": "desktop", "duration": 17, "referrer": "search"}
page_view;42;NULL;'/pricing';{"device": "mobile", "duration": 140, "referrer": "search"}
email_open;180;NULL;NULL;{"mail": 211, "campaign": "summer"}
feature_used;120;NULL;NULL;{"feature": "f3", "device": "desktop"}
email_click;90;NULL;NULL;{"mail": 211, "campaign": "spring"}
download;40;NULL;'/products/' || :n;{"device": "desktop"}
form_submit;30;NULL;'/products/' || :n;{"device": "desktop"}
order;30;:n;NULL;{"device": "desktop"}
support_ticket;30;NULL;NULL;{"severity": "high"}
webinar;25;NULL;NULL;{"topic": "t7"}
unsubscribe;15;NULL;NULL;{"mail": 211, "campaign": "news"}
trial_start;10;NULL;NULL;{"device": "desktop"}
demo_request;10;NULL;NULL;{"device": "desktop"}
END
}

# Without fsync's share: the commits do not wait for the disk, so that it does not hide the CPU.
quick_commit='-c synchronous_commit=off'

# bench_of DATABASE ARGUMENT …: what pgbench prints; a run that failed in part is no run.
bench_of() {
  local database=$1 out
  shift
  out=$(pgbench -n -M prepared "$@" "$database" 2>&1) || die "pgbench failed:" "$(grep -m 3 ERROR <<< "$out")"
  grep -q 'number of failed transactions: 0 ' <<< "$out" || die "transactions failed:" "$out"
  echo "$out"
}
# transactions N: how many to run: N, or a few of them when it is only about whether all works.
transactions() { if [ -n "${SMOKE:-}" ]; then echo $(($1 / 100 + 10)); else echo "$1"; fi; }

latency() { sed -n 's/^latency average = \([0-9.]*\) ms/\1/p'; }
rate() { sed -n 's/^tps = \([0-9.]*\) .*/\1/p'; }
