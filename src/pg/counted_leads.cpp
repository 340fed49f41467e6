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

void close_all(CountedLeads* counted) {
  for (std::size_t i = 0; i < LeadLog::partitions; i++) {
    CHECK_FOR_INTERRUPTS();
    run_core([=] { counted->log.close(i); });
  }
}

CountedLeads* counted_of(ExpandedObjectHeader* header) { return reinterpret_cast<CountedLeads*>(header); }

// As bytes: the type of the keys, and the log. What is too much even when it is closed is an error, and the rows are
// counted again without workers.
Size part_size(ExpandedObjectHeader* header) {
  CountedLeads* counted = counted_of(header);
  const auto size = [=] { return head_size + counted->log.written_size(); };
  if (size() > MaxAllocSize) close_all(counted);
  return size();
}

void write_part(ExpandedObjectHeader* header, void* result, Size size) {
  const CountedLeads* counted = counted_of(header);
  auto* written = static_cast<char*>(result);
  SET_VARSIZE(written, size);
  std::memcpy(written + VARHDRSZ, &counted->key_type, sizeof(Oid));
  counted->log.write(reinterpret_cast<std::uint8_t*>(written) + head_size);
}

[[noreturn]] void refuse_storing() {
  ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                  errmsg("the result of tally_rows cannot be stored, sorted or shown"),
                  errhint("Make rows of it with counted_keys and counted_tallies.")));
  pg_unreachable();
}

Size finished_size(ExpandedObjectHeader*) { refuse_storing(); }
void write_finished(ExpandedObjectHeader*, void*, Size) { refuse_storing(); }

const ExpandedObjectMethods part_methods = {part_size, write_part};
const ExpandedObjectMethods finished_methods = {finished_size, write_finished};

// nullptr: the value is something else.
CountedLeads* counted_in(Datum value, const ExpandedObjectMethods& methods) {
  if (!VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(value))) return nullptr;
  ExpandedObjectHeader* object = DatumGetEOHP(value);
  return object->eoh_methods == &methods ? counted_of(object) : nullptr;
}

CountedLeads* read_counted(Datum value) {
  CountedLeads* counted = counted_in(value, finished_methods);
  if (counted == nullptr)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("only what tally_rows of the same query has counted can be read")));
  return counted;
}

// nodeAgg copies a result that is not a piece of the current memory context.
Datum pointer_to(CountedLeads* counted) {
  return PointerGetDatum(
      std::memcpy(palloc(EXPANDED_POINTER_SIZE), counted->header.eoh_ro_ptr, EXPANDED_POINTER_SIZE));
}

}  // namespace

CountedLeads* make_counted_leads(Oid key_type, MemoryContext parent) {
  MemoryContext context = AllocSetContextCreate(parent, "lead_scoring counted leads", ALLOCSET_DEFAULT_SIZES);
  auto* counted = static_cast<CountedLeads*>(MemoryContextAlloc(context, sizeof(CountedLeads)));
  EOH_init_header(&counted->header, &part_methods, context);
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

Datum counted_part(CountedLeads* counted) { return pointer_to(counted); }

namespace {

CountedLeads* add_written(CountedLeads* counted, Datum part, MemoryContext parent) {
  const bytea* written = DatumGetByteaP(part);
  Oid key_type = InvalidOid;
  std::memcpy(&key_type, VARDATA(written), sizeof(Oid));
  if (counted == nullptr) counted = make_counted_leads(key_type, parent);
  const Bytes bytes = {reinterpret_cast<const std::uint8_t*>(written) + head_size,
                       VARSIZE(written) - head_size};
  run_core([=] { counted->log.append(bytes); });
  return counted;
}

}  // namespace

CountedLeads* add_counted_part(CountedLeads* counted, Datum part, MemoryContext parent) {
  CountedLeads* own = counted_in(part, part_methods);
  if (own == nullptr) return add_written(counted, part, parent);
  // The aggregate that has counted the part may end before the one that puts the parts together.
  MemoryContextSetParent(own->header.eoh_context, counted == nullptr ? parent : counted->header.eoh_context);
  if (counted == nullptr) return own;
  run_core([=] { counted->log.take(own->log); });
  return counted;
}

Datum finished_leads(CountedLeads* counted) {
  close_all(counted);
  counted->header.eoh_methods = &finished_methods;
  return pointer_to(counted);
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
