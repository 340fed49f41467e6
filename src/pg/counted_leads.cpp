// Tallies of many leads on their way out of an aggregate. A million of them must neither be copied nor fit one value
// of at most a gigabyte, so the value is a pointer to an expanded object, which nothing but our functions can read: it
// lives as long as the aggregate's group, and cannot be stored, sorted or sent. No statement can make such a pointer.
#include "pg/counted_leads.hpp"

#include "pg/tally_datum.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/uuid.h"
}

namespace lead_scoring {

namespace {

constexpr std::size_t head_size = VARHDRSZ + sizeof(Oid);

bool is_number(Oid key_type) { return key_type == INT4OID || key_type == INT8OID; }

LogKey log_key(Oid type, Datum key) {
  switch (type) {
    case INT4OID:
      return {DatumGetInt32(key), {}};
    case INT8OID:
      return {DatumGetInt64(key), {}};
    case UUIDOID:
      return {0, {DatumGetPointer(key), UUID_LEN}};
    default: {
      const struct varlena* text = PG_DETOAST_DATUM_PACKED(key);
      return {0, {VARDATA_ANY(text), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(text))}};
    }
  }
}

Datum key_datum(Oid type, const LogKey& key) {
  switch (type) {
    case INT4OID:
      return Int32GetDatum(static_cast<int32>(key.number));
    case INT8OID:
      return Int64GetDatum(key.number);
    case UUIDOID:
      return PointerGetDatum(std::memcpy(palloc(UUID_LEN), key.bytes.data(), UUID_LEN));
    default:
      return PointerGetDatum(cstring_to_text_with_len(key.bytes.data(), static_cast<int>(key.bytes.size())));
  }
}

[[noreturn]] void refuse_storing() {
  ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                  errmsg("the result of tally_rows cannot be stored, sorted or shown"),
                  errhint("Make rows of it with counted_keys and counted_tallies.")));
  pg_unreachable();
}

Size flat_size(ExpandedObjectHeader*) { refuse_storing(); }
void flatten_into(ExpandedObjectHeader*, void*, Size) { refuse_storing(); }

const ExpandedObjectMethods methods = {flat_size, flatten_into};

CountedLeads* read_counted(Datum value) {
  auto* pointer = reinterpret_cast<struct varlena*>(DatumGetPointer(value));
  if (VARATT_IS_EXTERNAL_EXPANDED(pointer)) {
    ExpandedObjectHeader* object = DatumGetEOHP(value);
    if (object->eoh_methods == &methods) return reinterpret_cast<CountedLeads*>(object);
  }
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                  errmsg("only what tally_rows of the same query has counted can be read")));
  pg_unreachable();
}

void close_all(CountedLeads* counted) {
  for (std::size_t i = 0; i < LeadLog::partitions; i++) {
    CHECK_FOR_INTERRUPTS();
    run_core([=] { counted->log.close(i); });
  }
}

}  // namespace

CountedLeads* make_counted_leads(Oid key_type, MemoryContext context) {
  auto* counted = static_cast<CountedLeads*>(MemoryContextAlloc(context, sizeof(CountedLeads)));
  EOH_init_header(&counted->header, &methods, context);
  counted->key_type = key_type;
  const auto keys = is_number(key_type) ? LeadLog::Keys::numbers : LeadLog::Keys::bytes;
  new (&counted->log) LeadLog(keys, static_cast<std::size_t>(work_mem) * 1024, ContextResource::in(context));
  return counted;
}

void count_row(CountedLeads* counted, Datum key, std::span<const Entry> entries) {
  const LogKey lead = log_key(counted->key_type, key);
  run_core([=] {
    if (lead.bytes.data() == nullptr) {
      counted->log.append(lead.number, entries);
    } else {
      counted->log.append(lead.bytes, entries);
    }
  });
}

bytea* written_leads(CountedLeads* counted) {
  std::size_t size = head_size + counted->log.written_size();
  if (size > MaxAllocSize) {
    close_all(counted);
    size = head_size + counted->log.written_size();
  }
  // Too much even so: palloc says it, and the rows are counted without workers.
  auto* written = static_cast<bytea*>(palloc(size));
  SET_VARSIZE(written, size);
  std::memcpy(VARDATA(written), &counted->key_type, sizeof(Oid));
  counted->log.write(reinterpret_cast<std::uint8_t*>(written) + head_size);
  return written;
}

CountedLeads* add_written_leads(CountedLeads* counted, const bytea* written, MemoryContext context) {
  Oid key_type = InvalidOid;
  std::memcpy(&key_type, VARDATA(written), sizeof(Oid));
  if (counted == nullptr) counted = make_counted_leads(key_type, context);
  const Bytes bytes = {reinterpret_cast<const std::uint8_t*>(written) + head_size,
                       VARSIZE(written) - head_size};
  run_core([=] { counted->log.append(bytes); });
  return counted;
}

Datum finished_leads(CountedLeads* counted) {
  close_all(counted);
  // nodeAgg copies a result that is not a piece of the current memory context.
  return PointerGetDatum(
      std::memcpy(palloc(EXPANDED_POINTER_SIZE), counted->header.eoh_ro_ptr, EXPANDED_POINTER_SIZE));
}

namespace {

struct Walk {
  CountedLeads* counted;
  LeadLog::Cursor cursor;
};

// The walk of a call of one of the two functions; nullptr: there is nothing to walk through.
Walk* walk_of(FunctionCallInfo fcinfo) {
  if (!SRF_IS_FIRSTCALL()) return static_cast<Walk*>(SRF_PERCALL_SETUP()->user_fctx);
  FuncCallContext* call = SRF_FIRSTCALL_INIT();
  if (PG_ARGISNULL(0)) return nullptr;
  CountedLeads* counted = read_counted(PG_GETARG_DATUM(0));
  auto* walk = static_cast<Walk*>(MemoryContextAlloc(call->multi_call_memory_ctx, sizeof(Walk)));
  call->user_fctx = new (walk) Walk{counted, LeadLog::Cursor(&counted->log)};
  return walk;
}

}  // namespace

}  // namespace lead_scoring

using namespace lead_scoring;

// counted_keys(counted, key) → the keys of the leads; `key` only tells their type.
LS_FUNCTION(ls_counted_keys) {
  Walk* walk = walk_of(fcinfo);
  FuncCallContext* call = SRF_PERCALL_SETUP();
  if (walk != nullptr && walk->counted->key_type != get_fn_expr_argtype(fcinfo->flinfo, 1))
    ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                    errmsg("the keys are of type %s", format_type_be(walk->counted->key_type))));
  LogKey key;
  Bytes tally;
  if (walk == nullptr || !walk->cursor.next(&key, &tally)) SRF_RETURN_DONE(call);
  SRF_RETURN_NEXT(call, key_datum(walk->counted->key_type, key));
}

// counted_tallies(counted) → their tallies, in the same order.
LS_FUNCTION(ls_counted_tallies) {
  Walk* walk = walk_of(fcinfo);
  FuncCallContext* call = SRF_PERCALL_SETUP();
  LogKey key;
  Bytes tally;
  if (walk == nullptr || !walk->cursor.next(&key, &tally)) SRF_RETURN_DONE(call);
  SRF_RETURN_NEXT(call, tally_datum_from(tally));
}
